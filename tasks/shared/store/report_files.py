"""Where reports lie in the lake: of days (reporting writes them, tracking attaches them), comparisons, prompts."""

from urllib.parse import quote

from tasks.shared.records import Window

REPORT_PAGE = "report.html"


def report_path(project: str, window: Window, name: str = REPORT_PAGE) -> str:
    """Path below the lake's root of the file *name* of the report of the day that *window* begins on."""
    return f"reports/date={window.start:%Y-%m-%d}/project={quote(project, safe='')}/{name}"


def comparison_path(project: str, gate: str, baseline: str, candidate: str, name: str = REPORT_PAGE) -> str:
    """Path below the lake's root of the file *name* of the report of a gate's comparison of two experiments."""
    folder = f"project={quote(project, safe='')}/gate={quote(gate, safe='')}/{baseline}-{candidate}"
    return f"reports/comparisons/{folder}/{name}"


def prompt_round_path(project: str, prompt: str, round_id: str, name: str = REPORT_PAGE) -> str:
    """Path below the lake's root of the file *name* of the report of a round of work on a prompt."""
    folder = f"project={quote(project, safe='')}/prompt={quote(prompt, safe='')}/{round_id}"
    return f"reports/prompts/{folder}/{name}"
