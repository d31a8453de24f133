"""Which split an example is in: by a hash of its session alone, so it never moves and never lies in two.

Where nobody names a session, a trace is one.
"""

import hashlib
from collections.abc import Mapping

from tasks.shared.errors import ConfigurationError
from tasks.shared.settings import SplitSettings

# The sealed split has the first hashes: other shares of the others then move nothing into it or out of it.
SPLITS = ("holdout", "test", "dev", "train")
ROUNDING = 1e-9


def cluster_of(session_id: str | None, trace_id: str) -> str:
    """16 hex digits that say what belongs together: the session, or the trace where there is none.

    >>> cluster_of("session-1", "a") == cluster_of("session-1", "b")
    True
    """
    said = f"session:{session_id}" if session_id else f"trace:{trace_id}"
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def split_of(cluster: str, settings: SplitSettings, kept: Mapping[str, str]) -> str:
    """The split of every example of *cluster* (from `cluster_of`), in every dataset.

    It is the one that *kept* (from `kept_splits`) says, whatever the shares are by now; else it is by hash.

    Raises:
        ConfigurationError: The shares do not sum to one.
    """
    shares = [getattr(settings, split) for split in SPLITS]
    if abs(sum(shares) - 1) > ROUNDING:
        said = ", ".join(f"{split} {share:g}" for split, share in zip(SPLITS, shares, strict=True))
        raise ConfigurationError(f"splits sum to {sum(shares):g} ({said}). Let them sum to 1.")
    if cluster in kept:
        return kept[cluster]
    point = int(cluster, 16) / 16 ** len(cluster)
    upper = 0.0
    for split, share in zip(SPLITS, shares, strict=True):
        upper += share
        if share and point < upper:
            return split
    return next(split for split in reversed(SPLITS) if getattr(settings, split))
