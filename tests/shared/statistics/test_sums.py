"""Shares and means from sums: the same as from the units themselves, whatever hours they came in."""

import random

import pytest

from tasks.shared.statistics.hajek import hajek
from tasks.shared.statistics.intervals import wilson
from tasks.shared.statistics.sums import Sums, added_up, mean_of_sums, share_of_sums


def sums_of(units):
    """Of (trace, weight, value)."""
    traces = {}
    for trace, weight, value in units:
        m, y = traces.get(trace, (0.0, 0.0))
        traces[trace] = (m + weight, y + weight * value)
    ms, ys = zip(*traces.values(), strict=True)
    return Sums(
        len(units),
        len(traces),
        sum(ms),
        sum(ys),
        sum(m * m for m in ms),
        sum(y * y for y in ys),
        sum(m * y for m, y in traces.values()),
    )


def test_one_unit_a_trace_is_wilson_s_interval():
    found = share_of_sums(sums_of([(i, 1.0, float(i < 3)) for i in range(20)]))
    assert (found.value, found.low, found.high) == pytest.approx((0.15, *wilson(3, 20)))


def test_the_share_is_that_of_the_units_and_so_is_its_interval():
    draw = random.Random(3)
    units = [(draw.randrange(40), draw.choice((1.0, 4.0)), float(draw.random() < 0.3)) for _ in range(300)]
    found = share_of_sums(sums_of(units))
    expected = hajek([v for _, _, v in units], [1 / w for _, w, _ in units], [str(t) for t, _, _ in units])
    assert (found.value, found.low, found.high) == pytest.approx((expected.value, expected.low, expected.high))
    mean = mean_of_sums(sums_of(units))
    assert mean.value == pytest.approx(expected.value)
    assert mean.standard_error == pytest.approx(expected.standard_error)


def test_hours_add_up_and_nothing_has_no_share():
    first, second = [(i, 1.0, 1.0) for i in range(5)], [(i + 10, 1.0, 0.0) for i in range(7)]
    assert added_up([sums_of(first), sums_of(second)]) == sums_of(first + second)
    assert added_up([]) == Sums()
    assert share_of_sums(Sums()) is None
    assert mean_of_sums(sums_of([("one", 1.0, 0.5)])) is None


def test_spans_of_one_trace_say_less_than_as_many_traces():
    together = share_of_sums(sums_of([(i // 10, 1.0, float(i < 20)) for i in range(100)]))
    apart = share_of_sums(sums_of([(i, 1.0, float(i < 20)) for i in range(100)]))
    assert together.low < apart.low < 0.2 < apart.high < together.high
