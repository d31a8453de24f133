"""The message of a report: the page as a mail, the figures at a glance as facts, and its files."""

from collections.abc import Iterable, Iterator

from tasks.reports.evidence import Evidence
from tasks.shared.channels import File, Message, Picture
from tasks.shared.pages.blocks import Link, Table, Text
from tasks.shared.pages.charts import described, picture
from tasks.shared.pages.mail import charts_in_mail, mail_html
from tasks.shared.pages.markdown import plain
from tasks.shared.pages.page import Page
from tasks.shared.pages.wording import written
from tasks.shared.records import Edition, Window
from tasks.shared.store.report_files import REPORTS_FOLDER, report_path

MEDIA_TYPES = {
    "html": "text/html",
    "json": "application/json",
    "md": "text/markdown",
    "pdf": "application/pdf",
    "zip": "application/zip",
}
MOST_WARNINGS = 5
HEADLINE = "headline"


def report_id(project: str, window: Window, edition: Edition) -> str:
    """The id of the message, and its topic: one for each project, edition and period, however often it is built."""
    return f"report:{project}:{edition}:{window.start:%Y-%m-%d}"


def report_message(page: Page, evidence: Evidence, files: Iterable[tuple[str, bytes]]) -> Message:
    """What is told of the report *page* of *evidence*; *files* are it as it is in the lake, name and content."""
    shown = charts_in_mail(page)
    named = report_id(evidence.project, evidence.window, evidence.edition)
    return Message(
        message_id=named,
        topic=named,
        event="report",
        severity="warning" if page.warnings else "info",
        title=f"{page.brand}: {page.title}, {page.subtitle}",
        text=plain(page),
        summary="\n".join(_warnings(page)) or "No warnings.",
        project=evidence.project,
        at=evidence.window.start,
        facts=tuple(_facts(page)),
        links=tuple(_links(page, evidence)),
        html=mail_html(page, shown),
        pictures=tuple(
            Picture(name, picture(chart), f"{chart.title}. {described(chart)}") for name, chart in shown.items()
        ),
        files=tuple(File(name, MEDIA_TYPES[name.rpartition(".")[2]], content) for name, content in files),
        data={**page.about, "warnings": page.warnings},
    )


def _warnings(page: Page) -> Iterator[str]:
    """The first warnings, and how many there are more."""
    texts = [b.text for part in page.parts for b in part.blocks if isinstance(b, Text) and b.tone == "warning"]
    yield from (f"Warning: {text}" for text in texts[:MOST_WARNINGS])
    if len(texts) > MOST_WARNINGS:
        yield f"{len(texts) - MOST_WARNINGS} more warnings are in the report."


def _facts(page: Page) -> Iterator[tuple[str, str]]:
    """The tiles at a glance: label, and value with its change where there is one."""
    for part in page.parts:
        for table in part.blocks:
            if part.name == HEADLINE and isinstance(table, Table) and table.layout == "tiles":
                for row in table.rows:
                    cells = dict(zip(table.columns, row, strict=True))
                    change = f" ({written(cells['Change'])})" if cells.get("Change") is not None else ""
                    yield written(row[0]), f"{written(row[1])}{change}"


def _links(page: Page, evidence: Evidence) -> Iterator[Link]:
    """To the page, where the lake's reports are served, and to what the report is of."""
    if served_at := evidence.settings.reports.url:
        below = report_path(evidence.project, evidence.window, edition=evidence.edition).removeprefix(
            f"{REPORTS_FOLDER}/"
        )
        yield Link("The report", f"{served_at.rstrip('/')}/{below}")
    yield from (source for source in page.sources if source.url)
