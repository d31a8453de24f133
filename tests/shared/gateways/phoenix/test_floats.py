"""The canonical floats are the ones pandas' ujson prints, which is what Phoenix answers with."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.io.json import ujson_dumps

from tasks.shared.gateways.phoenix.floats import as_printed

NEAR_TIES = st.builds(lambda n, d: n / 10**d, st.integers(-(10**15), 10**15), st.integers(9, 12))


@given(st.floats(allow_nan=False, allow_infinity=False) | NEAR_TIES | st.floats(-10, 10))
def test_a_float_reads_as_ujson_prints_it(value):
    assert as_printed(value) == float(json.loads(ujson_dumps(value)))


@given(st.floats(allow_nan=False, allow_infinity=False) | NEAR_TIES)
def test_printing_twice_changes_nothing(value):
    assert as_printed(as_printed(value)) == as_printed(value)


@pytest.mark.parametrize(
    ("value", "printed"),
    [(1e-12, 0.0), (0.123456789012345, 0.123456789), (0.7, 0.7), (-2.5, -2.5), (0.99999999999, 1.0), (1e300, 1e300)],
)
def test_ten_decimals_remain(value, printed):
    assert as_printed(value) == printed
