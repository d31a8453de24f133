"""The files of a report, one for each format, all made of one page."""

from collections.abc import Callable, Iterable, Iterator

from tasks.shared.pages.csv_tables import csv_zip
from tasks.shared.pages.document import document_json
from tasks.shared.pages.markdown import markdown
from tasks.shared.pages.page import Page, html
from tasks.shared.pages.pdf import pdf
from tasks.shared.settings import ReportFormat
from tasks.shared.store.report_files import REPORT_PAGE

# What a format's file is called, and how it is made.
FORMATS: dict[ReportFormat, tuple[str, Callable[[Page], bytes]]] = {
    "html": (REPORT_PAGE, lambda page: html(page).encode()),
    "markdown": ("report.md", lambda page: markdown(page).encode()),
    "pdf": ("report.pdf", pdf),
    "csv": ("report.zip", csv_zip),
    "json": ("report.json", document_json),
}


def report_files(page: Page, formats: Iterable[ReportFormat]) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file, the page that people open last: where it is, the others are too."""
    for wanted in sorted(dict.fromkeys(formats), key=lambda wanted: wanted == "html"):
        name, made = FORMATS[wanted]
        yield name, made(page)
