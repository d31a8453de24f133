"""Late spans: those that Phoenix has and the lake does not, in hours that were fetched before."""

from collections.abc import Mapping, Set

from tasks.shared.records import Window
from tasks.shared.store.lake import Lake


def known_span_ids(lake: Lake, project: str, window: Window) -> set[str]:
    """Ids of the window's spans that are stored or quarantined."""
    stored = lake.sql("SELECT span_id FROM spans", project, window)
    return {*stored["span_id"].to_pylist(), *quarantined_span_ids(lake, project, window)}


def quarantined_span_ids(lake: Lake, project: str, window: Window) -> set[str]:
    """Ids of the window's spans that are quarantined."""
    rows = lake.sql("SELECT DISTINCT row_id FROM quarantine WHERE table_name = 'spans'", project, window)
    return set(rows["row_id"].to_pylist())


def traces_with_unseen_spans(traces_by_span: Mapping[str, str], known: Set[str]) -> list[str]:
    """The traces, sorted, of the spans in *traces_by_span* (span id to trace id) that are not *known*."""
    return sorted({trace for span, trace in traces_by_span.items() if span not in known})
