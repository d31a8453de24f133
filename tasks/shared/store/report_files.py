"""Where reports lie in the lake: those of days, which reporting writes and tracking attaches, those of comparisons."""

from urllib.parse import quote

from tasks.shared.records import Window

REPORT_PAGE = "report.html"


def report_path(project: str, window: Window, name: str = REPORT_PAGE) -> str:
    """Path below the lake's root of the file *name* of the report of the day that *window* begins on."""
    return f"reports/date={window.start:%Y-%m-%d}/project={quote(project, safe='')}/{name}"


def comparison_path(project: str, subject: str, name: str = REPORT_PAGE) -> str:
    """Path below the lake's root of the file *name* of the report of the comparison *subject*."""
    return f"reports/comparisons/project={quote(project, safe='')}/{quote(subject, safe='')}/{name}"
