"""From the evidence of a day, week or month to the report: every section that is found, in its order."""

import datetime as dt

from tasks.reports import sections
from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Link
from tasks.shared.pages.page import Page, Part
from tasks.shared.plugins import collect
from tasks.shared.records import DAY, Edition, Window
from tasks.shared.store.report_files import period_name

BRANDS: dict[Edition, str] = {
    "day": "Nightjar morning report",
    "week": "Nightjar weekly report",
    "month": "Nightjar monthly report",
}
CLOSING = (
    "Intervals are 95 %. Coverage is the share of eligible units a figure speaks for. "
    "Every link opens the evidence in Phoenix."
)


def known_sections() -> dict[str, Section]:
    """Every section by name, in the order of the report."""
    return dict(sorted(collect(sections, Section).items(), key=lambda item: (item[1].order, item[0])))


def compose(evidence: Evidence, sources: tuple[Link, ...] = ()) -> Page:
    """Build every section; *sources* are links to the project and the runs behind the report."""
    window, edition = evidence.window, evidence.edition
    about = {
        "project": evidence.project,
        "edition": edition,
        "period": period_name(window, edition),
        "start": window.start.isoformat(),
        "end": window.end.isoformat(),
    }
    return Page(
        brand=BRANDS[edition],
        title=evidence.project,
        subtitle=subtitle(window, edition, evidence.made_at),
        parts=tuple(part(evidence, name) for name in known_sections()),
        closing=CLOSING,
        sources=sources,
        made_at=evidence.made_at,
        about=about,
    )


def subtitle(window: Window, edition: Edition, made_at: dt.datetime | None = None) -> str:
    """`Thursday 19 November 2026, UTC`; `so far` where the report was made before its time was over."""
    first, last = window.start, window.end - DAY
    match edition:
        case "day":
            said = f"{first:%A %-d %B %Y}"
        case "week":
            said = f"Week {first:%-V}, {first:%-d %B} to {last:%-d %B %Y}"
        case "month":
            said = f"{first:%B %Y}"
    return f"{said}, UTC" + (", so far" if made_at and made_at < window.end else "")


def part(evidence: Evidence, name: str) -> Part:
    """The section called *name*."""
    section = known_sections()[name]
    return Part(name, section.title, tuple(section.build(evidence)))
