"""The page that leads to every report of the lake: of days, weeks and months, of comparisons and of prompts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from tasks.shared.pages.blocks import Block, Cell, Link, Table
from tasks.shared.pages.page import Page, Part
from tasks.shared.store.report_files import REPORT_PAGE

PERIODS = {"date": "Days", "week": "Weeks", "month": "Months"}
OTHERS = {"comparisons": "Comparisons", "prompts": "Work on prompts"}
FORMS = {"report.pdf": "PDF", "report.zip": "CSV", "report.json": "JSON", "report.md": "Markdown"}


@dataclass
class Found:
    """The folder of one report: what it is of (`Days`), called, and which files it has."""

    project: str
    kind: str
    called: str
    folder: str
    files: set[str] = field(default_factory=set)


def index_page(paths: Iterable[str]) -> Page:
    """The page of the files at *paths* below the reports' folder, project by project, the newest first."""
    found = reports_at(paths)
    projects = sorted({report.project for report in found})
    parts = [Part(f"project-{i}", project, _tables(project, found)) for i, project in enumerate(projects, start=1)]
    nothing = Table("Reports", ("Report",), [], empty="There is no report yet.")
    return Page(
        brand="Nightjar",
        title="Reports",
        subtitle=f"{len(found):,} of {len(projects):,} projects",
        parts=tuple(parts) or (Part("reports", "Reports", [nothing]),),
    )


def reports_at(paths: Iterable[str]) -> list[Found]:
    """The reports whose page is among the files at *paths*."""
    reports: dict[str, Found] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        read = _read(folder)
        if read:
            reports.setdefault(folder, Found(*read, folder)).files.add(name)
    return [report for report in reports.values() if REPORT_PAGE in report.files]


def _read(folder: str) -> tuple[str, str, str] | None:
    """Project, kind and name of the report in *folder*; None where it holds none."""
    names = folder.split("/")
    keyed = {key: value for key, _, value in (name.partition("=") for name in names)}
    project = unquote(keyed.get("project", ""))
    if not project:
        return None
    for key, kind in PERIODS.items():
        if key in keyed:
            return project, kind, keyed[key]
    return (project, OTHERS[names[0]], unquote(" ".join(names[2:]))) if names[0] in OTHERS else None


def _tables(project: str, found: Iterable[Found]) -> list[Block]:
    kinds: dict[str, list[Found]] = {kind: [] for kind in (*PERIODS.values(), *OTHERS.values())}
    for report in found:
        if report.project == project:
            kinds[report.kind].append(report)
    return [
        Table(kind, ("Report", *FORMS.values()), [_row(report) for report in _newest_first(reports)])
        for kind, reports in kinds.items()
        if reports
    ]


def _newest_first(reports: Iterable[Found]) -> list[Found]:
    return sorted(reports, key=lambda report: report.called, reverse=True)


def _row(report: Found) -> tuple[Cell, ...]:
    others = (_link(report, file, said) if file in report.files else None for file, said in FORMS.items())
    return (_link(report, REPORT_PAGE, report.called), *others)


def _link(report: Found, file: str, text: str) -> Link:
    """Relative, so that the folder can be copied anywhere; folders are quoted on disk, and their names once more."""
    return Link(text, quote(f"{report.folder}/{file}", safe="/="))
