"""McNemar's exact test and Tango's interval against published numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.statistics.matched import mcnemar, tango

Z = 1.959963984540054


def test_the_exact_test_is_that_of_agrestis_approval_ratings():
    # Agresti, Categorical data analysis, table 11.1, with the p-value of R's exact2x2.
    assert mcnemar(150, 86) == pytest.approx(3.716e-05, rel=1e-4)
    assert mcnemar(86, 150) == mcnemar(150, 86)


def test_without_a_change_nothing_speaks_against_both_being_alike():
    assert mcnemar(0, 0) == 1.0


@pytest.mark.parametrize(
    ("wins", "losses", "n", "interval"),
    [
        # Cavo et al. (2012) and Bentur et al. (2009) in Fagerland, Lydersen and Laake (2014), table VI.
        (6, 16, 161, (-0.1240, -0.0054)),
        (1, 7, 21, (-0.517, -0.026)),
        # Tango's own example, soft contact lenses: 43 both, none and one changed.
        (0, 1, 44, (-0.118, 0.059)),
    ],
)
def test_the_interval_is_the_published_one(wins, losses, n, interval):
    assert tango(wins, losses, n, Z) == pytest.approx(interval, abs=6e-4)


def test_no_change_at_all_leaves_room_for_what_was_not_seen():
    low, high = tango(0, 0, 50, Z)
    assert high == pytest.approx(Z * Z / (50 + Z * Z)) == -low


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.floats(0.5, 4))
def test_the_interval_holds_the_estimate_mirrors_and_stays_on_the_scale(wins, losses, same, z):
    n = wins + losses + same
    if n == 0:
        return
    low, high = tango(wins, losses, n, z)
    assert -1 <= low <= (wins - losses) / n + 1e-9
    assert (wins - losses) / n - 1e-9 <= high <= 1
    assert tango(losses, wins, n, z) == pytest.approx((-high, -low), abs=1e-9)


def test_more_changes_than_examples_are_refused():
    with pytest.raises(ValueError, match="3 wins and 3 losses of 5"):
        tango(3, 3, 5, Z)
