"""From the evidence of one day to the report: every section that is found, in its order."""

import datetime as dt

from tasks.reports import sections
from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Link
from tasks.shared.pages.page import Page, Part
from tasks.shared.plugins import collect

CLOSING = (
    "Intervals are 95 %. Coverage is the share of eligible units a figure speaks for. "
    "Every link opens the evidence in Phoenix."
)


def known_sections() -> dict[str, Section]:
    """Every section by name, in the order of the report."""
    return dict(sorted(collect(sections, Section).items(), key=lambda item: (item[1].order, item[0])))


def compose(evidence: Evidence, sources: tuple[Link, ...] = (), made_at: dt.datetime | None = None) -> Page:
    """Build every section; *sources* are links to the project and the runs behind the report."""
    parts = tuple(part(evidence, name) for name in known_sections())
    subtitle = f"{evidence.window.start:%A %-d %B %Y}, UTC"
    return Page("Nightjar morning report", evidence.project, subtitle, parts, CLOSING, sources, made_at)


def part(evidence: Evidence, name: str) -> Part:
    """The section called *name*."""
    section = known_sections()[name]
    return Part(name, section.title, tuple(section.build(evidence)))
