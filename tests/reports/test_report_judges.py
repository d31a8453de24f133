"""What the report says of judges: warnings in plain words, raw beside corrected, the judge beside people, cost."""

import pytest

from tasks.reports.compose import part
from tasks.reports.judge_figures import JudgeFigures
from tasks.reports.judge_warnings import remarks, warnings
from tasks.shared.pages.blocks import Chart, Interval, Number, Table, Text
from tasks.shared.records import Metric
from tests.reports.days import annotation, at, decision, evidence_of, metric, span


def judge(name="sql", row=None, **values):
    """A judge with metrics by group; a pair is a low and a high end of which the value is the middle."""
    metrics = {
        group: Metric(group, value, 50, 1.0)
        if isinstance(value, int | float)
        else Metric(group, sum(value) / 2, 50, 1.0, *value)
        for group, value in values.items()
    }
    return JudgeFigures(name, {"units": 60, **(row or {})}, metrics)


GOOD = {"judge_labels": 80, "judge_tpr": 0.9, "judge_tnr": 0.9, "pass_rate": 0.8, "judge_informative": 1}


def test_a_judge_that_does_well_is_no_warning():
    assert warnings([judge(**GOOD, judge_drift=0.4, length_correlation=(-0.2, 0.3))]) == []
    assert remarks([judge(**GOOD)]) == []


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            {"budget_stopped": 12, "stopped_because": "budget run of 5 USD has no room"},
            "sql: 12 of 60 units were not judged because a budget was used up (budget run of 5 USD has no room).",
        ),
        ({"pending": 3}, "sql: 3 of 60 units still wait to be judged."),
    ],
)
def test_units_without_a_verdict_are_told_of_with_what_they_could_change(row, said):
    assert warnings([judge(row=row, **GOOD)]) == [said]
    bounded = JudgeFigures("sql", {"units": 60, **row}, {"pass_rate": Metric("p", 0.8, 50, 0.8, worst=0.64, best=0.84)})
    assert warnings([bounded]) == [f"{said} With everything that is missing, its pass rate is between 64.0% and 84.0%."]


def test_a_judge_that_tells_little_is_told_with_how_it_errs():
    poor = GOOD | {"judge_tnr": 0.2, "judge_informative": 0}
    (said,) = warnings([judge(**poor)])
    assert said == (
        "sql: its pass rate cannot be corrected. It passes 90.0% of the units that people call good, and 80.0% of the "
        "bad: that tells little. Mend its prompt, or use another model."
    )


def test_labels_that_do_not_go_with_the_pass_rate_are_told():
    (said,) = warnings([judge(**GOOD | {"pass_rate": 0.99, "judge_informative": 0})])
    assert said.endswith("which does not go with a pass rate of 99.0%: label some of its newest units.")


def test_drift_is_an_alarm_from_the_limit_on():
    assert warnings([judge(**GOOD, judge_drift=0.99)]) == []
    (said,) = warnings([judge(**GOOD, judge_drift=1.0, judge_drift_days=4)])
    assert said.startswith("sql agrees less with people than it used to for 4 days.")


def test_anchors_that_are_answered_otherwise_are_told():
    (said,) = warnings([judge(**GOOD, anchor_drift=1.2, anchor_agreement=0.75)])
    assert said.startswith(
        "sql answers 75.0% of its anchors as at first, fewer than usual: the model behind it changed."
    )


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((0.3, 0.5), "sql scores longer outputs higher (correlation 0.40). They may be better, or only longer"),
        ((-0.5, -0.3), "sql scores longer outputs lower (correlation -0.40). They may be worse, or only longer"),
    ],
)
def test_scores_that_go_with_length_are_told(ends, said):
    assert warnings([judge(**GOOD, length_correlation=ends)])[0].startswith(said)


def test_a_correlation_that_may_be_next_to_nothing_is_not():
    assert warnings([judge(**GOOD, length_correlation=(0.05, 0.5))]) == []


def test_verdicts_that_go_with_the_order_are_told():
    (said,) = warnings([judge(**GOOD, position_disagreement=(0.2, 0.3))])
    assert said == "sql changes its verdict on 25.0% of units when the two are exchanged."


def test_warnings_come_by_urgency():
    both = judge("a", row={"pending": 1}, **GOOD, judge_drift=2), judge("b", row={"budget_stopped": 1}, **GOOD)
    assert [text.split(":")[0].split()[0] for text in warnings(both)] == ["a", "b", "a"]


def test_judges_without_enough_labels_are_named_together():
    nobody = [judge(name, pass_rate=0.5, judge_labels=0) for name in ("x", "y")]
    few = judge("few", **GOOD | {"judge_labels": 9})
    one_kind = judge("kind", judge_labels=60, judge_tpr=0.9, pass_rate=0.8, judge_informative=0)
    unsure = judge("unsure", **GOOD | {"judge_informative": 0})
    labels_only = judge("topic", judge_labels=0)
    assert remarks([*nobody, few, one_kind, unsure, labels_only]) == [
        "Nobody has labelled units of x, y: these pass rates are the judges' word alone.",
        "Few units are labelled by people, so intervals are wide: few (9).",
        "People found units of one kind only, so nothing can be corrected: kind (no bad one).",
        "Labels are too few to correct the pass rates of unsure.",
    ]


@pytest.fixture(scope="module")
def blocks(tmp_path_factory):
    """Six judged traces, one stopped by the budget; two people label the first, one the last."""
    asked = {"kind": "llm", "model": "openai/gpt-4o-mini", "cost_usd": 0.25, "label": "valid"}
    decided = [decision("sql", i, **asked) for i in range(1, 6)]
    decided += [decision("sql", 6, **asked | {"label": "wrong", "score": 0.0, "cost_usd": 0.0, "reused": True})]
    stopped = {"status": "budget_stopped", "score": None, "explanation": "budget day of 1 USD has no room"}
    old = {"version": "0", "status": "errored", "score": None, "decided_at": at(1)}
    decided += [
        decision("sql", 7, kind="llm", **stopped),
        decision("sql", 8, kind="llm", **old),
        decision("no_error", 1),
    ]
    said = {"name": "sql", "score": None}
    people = [annotation(1, 1, **said, label="valid", identifier="ada"), annotation(2, 1, **said, label="wrong")]
    people += [annotation(3, 6, **said, label="Wrong"), annotation(4, 6, **said, label="wrong", identifier="ada")]
    metrics = [
        metric("pass_rate/sql", 0.8, n=6, coverage=0.75, worst=0.7, best=0.85),
        metric("pass_rate_corrected/sql", 0.9, low=0.6, high=1.0),
        metric("judge_labels/sql", 60.0, low=None, high=None),
        metric("judge_tpr/sql", 0.9),
        metric("judge_tnr/sql", 0.8),
        metric("judge_drift/sql", 0.5, low=None, high=None),
        metric("judge_labels/sql", 3.0, dimension="status=tied"),
    ]
    tables = {"decisions": decided, "annotations": people, "metrics": metrics}
    return part(evidence_of(tmp_path_factory.mktemp("judges"), tables), "judges").blocks


def rows_of(blocks, title):
    """The rows of a table by column."""
    table = next(block for block in blocks if isinstance(block, Table) and block.title == title)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_raw_stands_beside_corrected_with_both_intervals(blocks):
    (row,) = rows_of(blocks, "How often units pass")
    assert (row["Pass, by the judge"], row["Pass, corrected"]) == (Number(0.8, "share"), Number(0.9, "share"))
    assert row["95 %, corrected"] == Interval(0.6, 1.0, "share")
    assert (row["n"], row["Coverage"], row["Missing: all fail, all pass"]) == (
        Number(6),
        Number(0.75, "share"),
        "70.0%, 85.0%",
    )
    assert row["Evidence"].url.endswith(span(6)["trace_id"])
    assert "Pass, by its own labels" not in row


def test_the_chart_shows_both(blocks):
    (chart,) = (block for block in blocks if isinstance(block, Chart))
    assert chart.series == ("by the judge", "low, by the judge", "high, by the judge", "corrected", "low, corrected",
                            "high, corrected")  # fmt: skip
    assert chart.rows == [("sql", 0.8, pytest.approx(0.72), pytest.approx(0.88), 0.9, 0.6, 1.0)]


def test_the_judge_stands_beside_people_with_a_unit_they_differ_on(blocks):
    (row,) = rows_of(blocks, "The judge beside people")
    assert (row["Labels"], row["Good: passes"], row["Bad: fails"]) == (
        Number(60.0),
        Number(0.9, "share"),
        Number(0.8, "share"),
    )
    assert row["Evidence"].url.endswith(span(1)["trace_id"])
    assert rows_of(blocks, "Signs of bias and drift")[0]["Drift from people"] == Number(0.5, "share")


def test_units_that_people_differ_on_are_linked(blocks):
    (row,) = rows_of(blocks, "Where people differ")
    assert (row["Their labels"], row["n"]) == ("valid, wrong", Number(2))
    assert row["Evidence"].url.endswith(span(1)["trace_id"])


def test_judging_has_a_row_for_each_version_with_its_cost(blocks):
    old, new = rows_of(blocks, "Judging")
    assert (old["Version"], old["Errored"], old["Model"]) == ("0", Number(1), None)
    assert [new[name] for name in ("Units", "Asked", "Reused", "Budget stopped")] == [Number(n) for n in (7, 5, 1, 1)]
    assert (new["Cost"], new["Model"]) == (Number(1.25, "usd"), "openai/gpt-4o-mini")


def test_what_is_wrong_comes_first(blocks):
    assert isinstance(blocks[0], Text)
    assert blocks[0].tone == "warning"
    assert blocks[0].text.startswith("sql: 1 of 7 units were not judged because a budget was used up (budget day of 1")


def test_without_metrics_there_is_still_what_judging_cost(tmp_path):
    evidence = evidence_of(tmp_path, {"decisions": [decision("sql", 1, kind="llm", cost_usd=0.5)]})
    found = part(evidence, "judges").blocks
    assert [block.title for block in found if isinstance(block, Table)] == ["Judging"]
