"""From the evidence of one day to the report: every section that is found, in its order."""

import datetime as dt
from urllib.parse import quote

from tasks.reports import sections
from tasks.reports.blocks import Link
from tasks.reports.evidence import Evidence, Section
from tasks.reports.page import Part, Report
from tasks.shared.plugins import collect
from tasks.shared.records import Window


def known_sections() -> dict[str, Section]:
    """Every section by name, in the order of the report."""
    return dict(sorted(collect(sections, Section).items(), key=lambda item: (item[1].order, item[0])))


def compose(evidence: Evidence, sources: tuple[Link, ...] = (), made_at: dt.datetime | None = None) -> Report:
    """Build every section; *sources* are links to the project and the runs behind the report."""
    parts = tuple(part(evidence, name) for name in known_sections())
    return Report(evidence.project, evidence.window, parts, sources, made_at)


def part(evidence: Evidence, name: str) -> Part:
    """The section called *name*."""
    section = known_sections()[name]
    return Part(name, section.title, tuple(section.build(evidence)))


def report_path(project: str, window: Window, suffix: str) -> str:
    """Where the report of the day that *window* begins on lies in the lake."""
    return f"reports/date={window.start:%Y-%m-%d}/project={quote(project, safe='')}/report.{suffix}"
