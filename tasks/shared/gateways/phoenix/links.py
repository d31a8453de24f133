"""Addresses of Phoenix pages that need no internal ids: what a figure links to as its evidence."""

from urllib.parse import quote


def span_url(base_url: str, span_id: str) -> str:
    """The page of a span, by its OpenTelemetry id."""
    return _redirect(base_url, "spans", span_id)


def trace_url(base_url: str, trace_id: str) -> str:
    """The page of a trace, by its OpenTelemetry id."""
    return _redirect(base_url, "traces", trace_id)


def session_url(base_url: str, session_id: str) -> str:
    """The page of a session, by the application's session id."""
    return _redirect(base_url, "sessions", session_id)


def project_url(base_url: str, project: str) -> str:
    """The page of a project, by its name."""
    return _redirect(base_url, "projects", project)


def _redirect(base_url: str, page: str, identifier: str) -> str:
    return f"{base_url.rstrip('/')}/redirects/{page}/{quote(identifier, safe='')}"
