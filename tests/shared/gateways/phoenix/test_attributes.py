"""The canonical form is what survives Phoenix's flattening, however the attributes came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.gateways.phoenix.attributes import (
    at_path,
    canonical,
    flatten,
    is_doubtful,
    lookup,
    outermost,
    path_of,
    placed,
    unflatten,
)

KEYS = st.sampled_from(["a", "b", "role", "0", "1", "10", "a.b", "x.0", "grün"])
LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | st.sampled_from([0.5, 1e-12, 2.0])
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


@given(TREES)
def test_a_subtree_is_the_same_from_the_nested_and_from_the_flattened_route(stored):
    flattened = unflatten(dict(flatten(stored, "root"))).get("root")
    assert canonical(stored) == canonical(flattened)


@given(TREES)
def test_the_canonical_form_is_a_fixed_point(stored):
    assert canonical(canonical(stored)) == canonical(stored)


@pytest.mark.parametrize(
    ("flat", "nested"),
    [
        ({"llm.model_name": "m"}, {"llm": {"model_name": "m"}}),
        ({"m.1.role": "b", "m.0.role": "a"}, {"m": [{"role": "a"}, {"role": "b"}]}),
        ({"t.0": "x", "t.1": "y"}, {"t": {"0": "x", "1": "y"}}),
        ({"foo": "s", "foo.x": 1}, {"foo": "s", "foo.x": 1}),
        ({"d.0.meta.0.k": 1}, {"d": [{"meta": [{"k": 1}]}]}),
        ({"d.0.0.k": 1}, {"d": [{"0": {"k": 1}}]}),
        ({}, {}),
    ],
)
def test_dotted_keys_become_a_tree(flat, nested):
    assert unflatten(flat) == nested


@pytest.mark.parametrize(
    ("stored", "kept"),
    [
        ({"a": None, "b": {}, "c": []}, {"c": []}),
        ([1, None, {"x": 1.5}], [{"x": 1.5}]),
        ([1, "a", None, 2.5], [1, "a", None, 2.5]),
        ({"a.b": 1}, {"a": {"b": 1}}),
        ([{}], None),
        (2.0, 2.0),
    ],
)
def test_what_flattening_forgets_is_not_kept(stored, kept):
    assert canonical(stored) == kept


@pytest.mark.parametrize(
    ("value", "kept"), [(5.0, 5), (True, True), (0.5, 0.5), (2**60 + 1, 2**60 + 1), (1e300, 1e300)]
)
def test_a_whole_number_at_a_path_is_an_integer(value, kept):
    assert at_path(value) == kept
    assert type(at_path(value)) is type(kept)


@pytest.mark.parametrize(("value", "doubtful"), [(2**53, True), (-1e16, True), (2**53 - 1, False), ("9" * 20, False)])
def test_numbers_that_a_float_cannot_hold_are_doubtful(value, doubtful):
    assert is_doubtful(value) is doubtful


def test_a_path_inside_another_is_not_asked_for_again():
    assert outermost(["llm.model_name", "input", "llm", "metadata.k", "input"]) == [
        ("input",),
        ("llm",),
        ("metadata", "k"),
    ]


def test_values_are_placed_and_found_at_their_paths():
    tree = placed([(path_of("a.b"), 1), (path_of("a.c"), None), (path_of("d"), "x")])
    assert tree == {"a": {"b": 1}, "d": "x"}
    assert lookup(tree, ("a", "b")) == 1
    assert lookup(tree, ("d", "e")) is None
