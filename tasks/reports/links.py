"""Where a figure's evidence is: Phoenix's redirect routes, which need no internal ids."""

from dataclasses import dataclass
from urllib.parse import quote

from tasks.reports.blocks import Link
from tasks.shared.records import Unit


@dataclass(frozen=True)
class Links:
    """Links into one Phoenix server."""

    phoenix_url: str

    def to(self, unit: Unit | str, unit_id: str | None, text: str = "") -> Link | None:
        """A link to a span, trace, session or project; None when there is nothing to link to."""
        if not unit_id:
            return None
        url = f"{self.phoenix_url.rstrip('/')}/redirects/{unit}s/{quote(unit_id, safe='')}"
        return Link(text or unit, url)
