"""Sketches: within 1 % of the values themselves, and adding up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.statistics.intervals import quantile_interval
from tasks.shared.statistics.order_statistics import quantile
from tasks.shared.statistics.sketch import bucket_of, parsed, quantile_of, value_of, written

VALUES = st.lists(st.floats(0.01, 1e7), min_size=1, max_size=200)


def sketch_of(values):
    sketch = {}
    for value in values:
        sketch[bucket_of(value)] = sketch.get(bucket_of(value), 0) + 1
    return sketch


@given(VALUES, st.floats(0.01, 0.99))
def test_a_quantile_and_its_interval_are_those_of_the_values_within_one_percent(values, p):
    ordered = sorted(values)
    value, low, high = quantile_of(sketch_of(values), p)
    assert value == pytest.approx(quantile(ordered, p), rel=0.0101)
    exact = quantile_interval(ordered, p)
    assert (low, high) == (None, None) if exact is None else (low, high) == pytest.approx(exact, rel=0.0101)


@given(VALUES)
def test_a_sketch_is_its_text_again(values):
    assert parsed(written(sketch_of(values))) == sketch_of(values)


def test_buckets_by_hand():
    assert [bucket_of(value) for value in (1.0, 1.02, 1.0201, 2.0, 0.0, -5.0)] == [0, 1, 2, 36, -348, -348]
    assert value_of(1) == pytest.approx(1.0099, abs=1e-4)
    assert written({2: 1, -3: 4}) == "-3:4 2:1"
    assert parsed("") == {}
    with pytest.raises(ValueError, match="empty sketch"):
        quantile_of({}, 0.5)


def test_hours_add_up():
    assert parsed("1:2 3:1") + parsed("3:4") == parsed("1:2 3:5")
