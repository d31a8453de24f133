"""The validation page: one self-contained HTML file, and the same as Markdown for the flow run."""

from collections.abc import Sequence
from pathlib import Path

from tasks.shared.checks.check import CheckResult, Validation
from tasks.shared.store.report_files import validation_path

TEMPLATE = Path(__file__).with_name("page.html.jinja")


def page_path(validation: Validation) -> str:
    """Where the page lies below the lake's root; a later validation of the same rows replaces it."""
    suffix = "-late" if validation.partial else ""
    return validation_path(validation.project, validation.table, validation.file, validation.window, suffix)


def page(validation: Validation) -> str:
    """The page as HTML: no scripts, no requests, readable in light and dark."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(validation=validation, results=worst_first(validation.results), word=word)


def markdown(validation: Validation) -> str:
    """The page in Markdown: the headline, then every check that failed with its examples."""
    failed = (*validation.critical, *validation.warnings)
    lines = [f"**{_plain(validation.headline)}**"]
    if failed:
        lines += ["", "| verdict | check | found |", "|---|---|---|"]
        lines += [f"| {word(result)} | `{result.name}` | {_plain(result.observed)} |" for result in failed]
    for result in failed:
        if result.examples:
            names = list(result.examples[0])
            lines += ["", f"Rows that fail `{result.name}`:", "", f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
            lines += [f"| {' | '.join(_plain(str(e[name])) for name in names)} |" for e in result.examples]
    return "\n".join(lines)


def worst_first(results: Sequence[CheckResult]) -> list[CheckResult]:
    """Critical failures, then warnings, then what holds; otherwise in order."""
    return sorted(results, key=lambda result: (result.success, result.severity))


def word(result: CheckResult) -> str:
    """The verdict in a word."""
    if result.success:
        return "holds"
    return "failed" if result.severity == "critical" else "warning"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, inside one table cell."""
    for mark in "\\`*_[]<>|#":
        text = text.replace(mark, f"\\{mark}" if mark not in "<>" else {"<": "&lt;", ">": "&gt;"}[mark])
    return " ".join(text.split())
