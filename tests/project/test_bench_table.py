"""The benchmark table shows what the result files say."""

import pytest

from benchmarks.__main__ import rounded, table


def test_a_figure_is_one_row_and_a_missed_goal_stands_out() -> None:
    figures = [
        {"name": "speed", "value": 24864.5963, "unit": "spans/s", "goal": "at least 20000", "holds": True},
        {"name": "memory", "value": 0.31, "unit": "of the client's", "goal": "at most 0.25", "holds": False},
        {"name": "rows", "value": 7, "unit": "", "goal": "", "holds": None},
    ]
    assert table([{"name": "fetch", "commit": "fb73e81+changes", "figures": figures}]).splitlines()[2:] == [
        "| fetch | speed | 24,865 spans/s | at least 20000 | yes | fb73e81+changes |",
        "| fetch | memory | 0.31 of the client's | at most 0.25 | **no** | fb73e81+changes |",
        "| fetch | rows | 7 |  |  | fb73e81+changes |",
    ]


@pytest.mark.parametrize(("value", "text"), [(123456.7, "123,457"), (99.96, "100"), (0.12345, "0.123"), (0.0, "0")])
def test_figures_keep_three_digits_or_all_before_the_point(value: float, text: str) -> None:
    assert rounded(value) == text
