"""What the report says of Phoenix's own cost beside ours."""

from tasks.reports.compose import part
from tasks.shared.pages.blocks import Change, Number, Table, Text
from tasks.shared.settings import CostSettings
from tests.reports.days import DAY, evidence_of, phoenix_cost

ROWS = [
    phoenix_cost("gpt-4o", 1.0, 2.0, "different_price", models="gpt-4o, gpt-4o-2024-08-06"),
    phoenix_cost("gpt-4o-mini", 3.0, 3.0),
    phoenix_cost("claude", 0.5, None, "unknown_to_phoenix"),
    phoenix_cost("own-1", None, 0.25, "unknown_here"),
]


def blocks(evidence, kind):
    return [block for block in part(evidence, "reconciliation").blocks if isinstance(block, kind)]


def test_both_figures_stand_side_by_side_with_the_reason_the_farthest_apart_first(tmp_path):
    (table,) = blocks(evidence_of(tmp_path, {"phoenix_costs": ROWS}), Table)
    assert [row[0] for row in table.rows] == ["gpt-4o", "claude", "own-1", "gpt-4o-mini"]
    assert table.rows[0][1:7] == (
        "gpt-4o, gpt-4o-2024-08-06",
        Number(8),
        Number(1.0, "usd"),
        Number(2.0, "usd"),
        Change(1.0),
        "Because of different_price.",
    )
    assert (table.rows[3][1], table.rows[3][6]) == (None, "the same")


def test_the_sums_are_of_what_both_price_and_the_rest_is_named(tmp_path):
    (text,) = blocks(evidence_of(tmp_path, {"phoenix_costs": ROWS}), Text)
    assert text.text == (
        "Of what both price, Phoenix has $5.00 (+25.0%) and the price table $4.00. $0.5000 are of models that Phoenix "
        "has no cost of. $0.2500 are of models that the price table does not know."
    )


def test_a_day_without_phoenixs_word_says_why(tmp_path):
    assert "the nightly flow asks it" in blocks(evidence_of(tmp_path / "a"), Text)[0].text
    off = evidence_of(tmp_path / "b", cost=CostSettings(reconcile=False))
    assert "cost.reconcile is off" in blocks(off, Text)[0].text


def test_a_week_sums_its_days_and_says_how_many_were_asked_about(tmp_path):
    evidence = evidence_of(tmp_path, {"phoenix_costs": ROWS}, DAY, "week")
    assert blocks(evidence, Text)[1].text.startswith("Phoenix was asked about 1 of 7 days")
