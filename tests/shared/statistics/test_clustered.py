"""A clustered mean from sums is that of the values."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.statistics.clustered import clustered_mean, of_sums

VALUES = st.lists(st.tuples(st.floats(-1e3, 1e3), st.sampled_from("abcdef")), min_size=2, max_size=40)


@given(VALUES)
def test_sums_over_clusters_tell_what_the_values_do(pairs):
    values, clusters = np.array([value for value, _ in pairs]), [name for _, name in pairs]
    names = sorted(set(clusters))
    codes = np.array([names.index(name) for name in clusters])
    sizes = np.bincount(codes).astype(float)
    parts = np.bincount(codes, values - values.mean())
    sums = {
        "n": len(values),
        "clusters": len(names),
        "total": float(values.sum()),
        "squared_sizes": float((sizes**2).sum()),
        "squares": float((parts**2).sum()),
        "cubes": float((parts**3).sum()),
    }
    whole, found = clustered_mean(values, clusters), of_sums(sums)
    for name in ("value", "standard_error", "n", "clusters", "like_sized", "skewness"):
        assert np.isclose(getattr(found, name), getattr(whole, name), rtol=1e-6, atol=1e-9, equal_nan=True)


def test_a_mean_of_costs_has_no_bound_below_nothing():
    mean = clustered_mean(np.array([0.001, 0.001, 0.02]), ["a", "b", "c"])
    low, high = mean.bounds(0.025)
    assert low < 0
    assert mean.bounds(0.025, least=0.0) == (0.0, high)


def test_a_mean_of_one_cluster_has_no_bounds_whatever_its_values_cannot_be():
    mean = clustered_mean(np.array([0.001, 0.002]), ["a", "a"])
    assert np.isnan(mean.bounds(0.025, least=0.0)).all()
