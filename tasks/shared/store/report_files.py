"""Where pages lie in the lake: reports of days, weeks and months, of comparisons and prompts; validations."""

from urllib.parse import quote

from tasks.shared.records import Edition, Window

REPORT_PAGE = "report.html"
REPORTS_FOLDER = "reports"
REPORT_INDEX = f"{REPORTS_FOLDER}/index.html"
# How the folder of an edition is called, and its period in it: date=2026-11-19, week=2026-W47, month=2026-11.
PERIODS: dict[Edition, tuple[str, str]] = {
    "day": ("date", "%Y-%m-%d"),
    "week": ("week", "%G-W%V"),
    "month": ("month", "%Y-%m"),
}


def period_name(window: Window, edition: Edition = "day") -> str:
    """How the day, week or month that *window* begins in is called: 2026-11-19, 2026-W47, 2026-11."""
    return f"{window.start:{PERIODS[edition][1]}}"


def report_path(project: str, window: Window, name: str = REPORT_PAGE, edition: Edition = "day") -> str:
    """Path below the lake's root of the file *name* of the report of the *edition* that *window* begins in."""
    folder = f"{PERIODS[edition][0]}={period_name(window, edition)}"
    return f"reports/{folder}/project={quote(project, safe='')}/{name}"


def comparison_path(project: str, gate: str, baseline: str, candidate: str, name: str = REPORT_PAGE) -> str:
    """Path below the lake's root of the file *name* of the report of a gate's comparison of two experiments."""
    folder = f"project={quote(project, safe='')}/gate={quote(gate, safe='')}/{baseline}-{candidate}"
    return f"reports/comparisons/{folder}/{name}"


def prompt_round_path(project: str, prompt: str, round_id: str, name: str = REPORT_PAGE) -> str:
    """Path below the lake's root of the file *name* of the report of a round of work on a prompt."""
    folder = f"project={quote(project, safe='')}/prompt={quote(prompt, safe='')}/{round_id}"
    return f"reports/prompts/{folder}/{name}"


def validation_path(project: str, table: str, file: str, window: Window, suffix: str = "") -> str:
    """Path below the lake's root of the page on the validation of what the writer *file* put into *table*."""
    name = f"{table}-{file}-{window.start:%Y%m%dT%H}-{window.end:%Y%m%dT%H}{suffix}.html"
    return f"validations/project={quote(project, safe='')}/date={window.start:%Y-%m-%d}/{name}"


def failures_path(project: str, taxonomy: str, window: Window, name: str = REPORT_PAGE) -> str:
    """Path below the lake's root of the file *name* of the analysis of an agent's failures in *window*."""
    hours = f"{window.start:%Y-%m-%dT%H}_{window.end:%Y-%m-%dT%H}"
    return f"reports/failures/project={quote(project, safe='')}/taxonomy={quote(taxonomy, safe='')}/{hours}/{name}"
