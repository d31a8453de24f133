"""An example's split depends on its session alone."""

from collections import Counter

import pytest

from tasks.shared.errors import ConfigurationError
from tasks.shared.settings import SplitSettings
from tasks.shared.splits import SPLITS, cluster_of, split_of

SESSIONS = [cluster_of(f"session-{i}", "") for i in range(4000)]


def test_a_session_is_one_cluster_and_so_is_a_trace_without_one():
    assert cluster_of("s", "a") == cluster_of("s", "b")
    assert cluster_of(None, "a") != cluster_of(None, "b")
    assert cluster_of(None, "a") == cluster_of("", "a")
    assert cluster_of("a", "a") != cluster_of(None, "a")
    assert cluster_of("s", "a") == "0cb43d057d48981d"


def test_sessions_spread_as_the_shares_say():
    counts = Counter(split_of(cluster, SplitSettings(), {}) for cluster in SESSIONS)
    for split, share in {"train": 0.4, "dev": 0.2, "test": 0.3, "holdout": 0.1}.items():
        assert counts[split] / len(SESSIONS) == pytest.approx(share, abs=0.03)


def test_other_shares_for_the_rest_leave_the_holdout_alone():
    other = SplitSettings(train=0.9, dev=0, test=0, holdout=0.1)
    sealed = {c for c in SESSIONS if split_of(c, SplitSettings(), {}) == "holdout"}
    assert sealed == {c for c in SESSIONS if split_of(c, other, {}) == "holdout"}


def test_a_split_without_a_share_gets_nothing():
    only = SplitSettings(train=0, dev=1, test=0, holdout=0)
    assert {split_of(c, only, {}) for c in ("0" * 16, "f" * 16, *SESSIONS[:50])} == {"dev"}


def test_shares_that_do_not_sum_to_one_are_refused():
    with pytest.raises(ConfigurationError, match=r"splits sum to 1\.1 .*train 0\.5.*Let them sum to 1\."):
        split_of("0" * 16, SplitSettings(train=0.5), {})


def test_every_split_has_a_share_in_the_settings():
    assert set(SPLITS) == set(SplitSettings.model_fields)


def test_a_session_that_has_a_split_keeps_it_whatever_the_shares_are_by_now():
    all_train = SplitSettings(train=1, dev=0, test=0, holdout=0)
    kept = {SESSIONS[0]: "holdout"}
    assert [split_of(cluster, all_train, kept) for cluster in SESSIONS[:2]] == ["holdout", "train"]
