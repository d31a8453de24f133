"""States: declared, learned, kept."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.failures.taxonomy import Taxonomy, declared, keep, kept, learned, learned_states, wanted
from tasks.shared.errors import ConfigurationError, Inconclusive
from tasks.shared.settings import FailureSettings, LakeSettings, TaxonomySettings
from tasks.shared.store.lake import Lake


@pytest.mark.parametrize("states", [("a", "a"), ("a", "none"), ("a", ""), ("a",), ()])
def test_states_that_no_failure_can_be_told_by_are_refused(states):
    with pytest.raises(ConfigurationError, match=r"\[failures\]|two or more"):
        Taxonomy("t", states)


@given(st.integers(2, 12), st.integers(0, 1000))
def test_the_order_of_walks_that_break_off_is_learned_whatever_the_number_of_states(count, seed):
    states = tuple(f"state {number}" for number in range(count))
    drawn = random.Random(seed)
    broken = [states[: drawn.randint(1, count)] for _ in range(10)]
    assert learned_states([states] * 11 + broken, 0.1) == states


def test_rare_names_odd_names_and_repetitions_are_no_states():
    traces = [["parse", "act", "act", "<b>x</b>", "none", "say"]] * 9 + [["parse", "once", "act", "say"]]
    assert learned_states(traces, 0.2) == ("parse", "act", "say")


def test_too_few_states_are_no_taxonomy():
    with pytest.raises(Inconclusive, match="show 1"):
        learned("t", TaxonomySettings(), [["only"]], 0.1, "2026-11-19")


def test_what_was_learned_is_kept_until_the_roots_are_others(tmp_path):
    lake = Lake.open(LakeSettings(root=str(tmp_path)))
    assert kept(lake, "p", "t", ("agent",)) is None
    found = learned("t", TaxonomySettings(roots=("agent",)), [["a", "b"]], 0.1, "2026-11-19")
    keep(lake, "p", found)
    assert kept(lake, "p", "t", ("agent",)) == found
    assert kept(lake, "p", "t", ("other",)) is None


def test_a_project_has_its_own_taxonomies_or_the_unnamed_one():
    named = {"chat": TaxonomySettings(project="p", states=("a", "b")), "all": TaxonomySettings(states=("c", "d"))}
    settings = FailureSettings(states=("x", "y"), taxonomies=named)
    assert list(settings.of_project("p")) == ["chat", "all"]
    assert list(settings.of_project("q")) == ["all"]
    assert FailureSettings(states=("x", "y")).of_project("q")["default"].states == ("x", "y")
    assert declared("chat", wanted(settings, "p", "chat")).states == ("a", "b")
    with pytest.raises(ConfigurationError, match="Choose from all"):
        wanted(settings, "q", "chat")


def test_a_taxonomy_is_called_like_a_file():
    with pytest.raises(ValueError, match="small letters"):
        FailureSettings(taxonomies={"A/b": TaxonomySettings()})
