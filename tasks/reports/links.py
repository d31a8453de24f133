"""Where a figure's evidence is: the page of a span, trace, session or project in Phoenix."""

from collections.abc import Callable
from dataclasses import dataclass

from tasks.shared.gateways.phoenix.links import project_url, session_url, span_url, trace_url
from tasks.shared.pages.blocks import Link
from tasks.shared.settings import without_password

PAGES: dict[str, Callable[[str, str], str]] = {
    "span": span_url,
    "trace": trace_url,
    "session": session_url,
    "project": project_url,
}


@dataclass(frozen=True)
class Links:
    """Links into one Phoenix server."""

    phoenix_url: str

    def to(self, page: str, identifier: str | None, text: str = "") -> Link | None:
        """A link to a span, trace, session or project; None when there is nothing to link to."""
        return Link(text or page, PAGES[page](without_password(self.phoenix_url), identifier)) if identifier else None
