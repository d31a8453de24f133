"""The splits that sessions have by now: when the shares change, examples stay, and so do their sessions."""

from collections.abc import Mapping

from tasks.shared.splits import SPLITS, cluster_of
from tasks.shared.store.lake import Lake

EXAMPLES = "SELECT DISTINCT session_id, trace_id, split FROM examples"


def kept_splits(lake: Lake, project: str) -> Mapping[str, str]:
    """By cluster the split of its examples, in whatever dataset; the most sealed one where two disagree."""
    found: dict[str, str] = {}
    for row in lake.sql(EXAMPLES, project).to_pylist():
        cluster = cluster_of(row["session_id"], row["trace_id"])
        found[cluster] = min(found.get(cluster, row["split"]), row["split"], key=SPLITS.index)
    return found
