"""Addresses of Phoenix pages: what a figure links to as its evidence."""

from collections.abc import Sequence
from urllib.parse import quote, urlencode


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


def dataset_url(base_url: str, dataset_id: str) -> str:
    """The page of a dataset, by Phoenix's own id."""
    return f"{base_url.rstrip('/')}/datasets/{quote(dataset_id, safe='')}"


def comparison_url(base_url: str, dataset_id: str, experiment_ids: Sequence[str]) -> str:
    """The page that shows the answers of experiments side by side, by Phoenix's own ids."""
    wanted = urlencode([("experimentId", identifier) for identifier in experiment_ids])
    return f"{dataset_url(base_url, dataset_id)}/compare?{wanted}"


def _redirect(base_url: str, page: str, identifier: str) -> str:
    return f"{base_url.rstrip('/')}/redirects/{page}/{quote(identifier, safe='')}"
