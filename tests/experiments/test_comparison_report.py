"""The report of a comparison: what changed first, every figure with what it rests on, nothing that acts."""

import re
from dataclasses import replace

import numpy as np
import pytest

from tasks.experiments.paired import Side, Sides
from tasks.experiments.report import Places, report
from tasks.experiments.returns import returns
from tasks.experiments.verdict import decide
from tasks.shared.pages.blocks import Link, Table, Text
from tasks.shared.pages.markdown import markdown
from tasks.shared.pages.page import html
from tasks.shared.settings import GateMetric, GateSettings
from tasks.shared.store.report_files import comparison_path
from tests.experiments.compared import SQL, comparison

PLACES = Places("http://user:hunter22@phoenix.test:6006")
COMPARE = "http://phoenix.test:6006/datasets/RGF0YXNldDox/compare?experimentId=RXhwbaseline&experimentId=RXhwcandidate"
HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    return comparison(tmp_path_factory.mktemp("compared"))


@pytest.fixture(scope="module")
def page(compared):
    return report(compared, PLACES, returns(compared.sides, 25.0), (Link("MLflow run", "http://mlflow.test/1"),))


def table(page, title):
    return next(b for part in page.parts for b in part.blocks if isinstance(b, Table) and b.title == title)


def cells(found, row):
    return dict(zip(found.columns, found.rows[row], strict=True))


def test_the_examples_that_became_worse_come_before_every_table_of_figures(page):
    text = markdown(page)
    assert [part.name for part in page.parts][:3] == ["glance", "flips", "scores"]
    worse, better = text.index("Worse with the candidate"), text.index("Better with the candidate")
    assert worse < better < text.index("## Accuracy")
    assert "The candidate is worse on 3 examples and better on 1; on 8 no score changed." in text


def test_a_card_has_the_question_both_answers_both_reasons_and_the_evidence(page):
    card = cells(table(page, "Worse with the candidate"), 1)
    assert card["Question"] == "How many devices are at site 4?"
    assert card["Score"] == "quality: 4.5 → 2\nsql_matches_expected: 1 → 0"
    assert (card["Right answer"], card["Baseline said"], card["Candidate said"]) == (
        SQL,
        SQL,
        "I cannot help with that.",
    )
    assert card["Why the baseline's is scored so"] == (
        "sql_matches_expected: The statement is the expected one.\nquality: Reads well."
    )
    assert "'I cannot help with t', which is not asked" in card["Why the candidate's is scored so"]
    assert card["Candidate's trace"] == Link("trace", "http://phoenix.test:6006/redirects/traces/candidate-04")
    assert card["All answers"] == Link("side by side in Phoenix", COMPARE)
    assert card["Example"] == "example-04 (joins)"


def test_accuracy_cost_latency_and_tokens_have_both_sides_the_change_and_the_interval(page):
    text = markdown(page)
    assert re.search(r"\| sql\\_matches\\_expected \| higher \| 0\.917 \| 0\.\d+.0\.\d+ \| 0\.727 \|", text)
    assert re.search(r"\| -0\.182 \| -0\.\d+ to \+0\.\d+ \| 3 \| 7 \| 1 \| 11 \| 91\.7% \|", text)
    assert "| Cost of 1,000 answers | \\$2.20 |" in text
    assert "| Latency, median | 955 ms |" in text
    assert "| Tokens per answer | 840 |" in text
    assert "| joins | sql\\_matches\\_expected | 1.000 | 0.714 |" in text


def test_answers_that_never_came_are_counted_and_shown_with_the_reason(page):
    assert markdown(page).count("| candidate | 11 | 1 | 91.7% |") == 1
    lost = cells(table(page, "Answers that never came"), 0)
    assert (lost["Variant"], lost["Status"]) == ("candidate", "errored")
    assert lost["Why"] == "no answer within 60 s after 3 tries"
    assert [tuple(map(str, row[:3])) for row in table(page, "Answers without a score").rows] == [
        ("quality", "candidate", "errored"),
        ("sql_matches_expected", "candidate", "errored"),
    ]


def test_another_model_has_a_return(page, compared):
    text = markdown(page)
    assert "| Saved per 1,000 queries | \\$1.30 |" in text
    assert "| Queries until training is paid for | 19,231 |" in text
    assert "return" not in [part.name for part in report(compared, PLACES).parts]
    unknown = markdown(report(compared, PLACES, returns(compared.sides, None)))
    assert "What training cost is not known. Set training" in unknown


@pytest.mark.parametrize(
    ("saved", "said"),
    [
        ({"break_even": None}, "does not cost less"),
        ({"latest": None}, "that it costs more is not ruled out"),
        ({}, "has paid for itself within"),
    ],
)
def test_a_return_says_how_sure_it_is(compared, saved, said):
    assert said in markdown(report(compared, PLACES, replace(returns(compared.sides, 25.0), **saved)))


def test_the_gate_s_verdict_stands_at_the_top_with_each_demand(compared):
    metrics = {"sql_matches_expected": GateMetric(floor="none")}
    gate = GateSettings(metrics=metrics, most_cost_ratio=0.1, most_latency_ratio=0.9, coverage_floor=0.9)
    judged = report(replace(compared, verdict=decide(compared.sides, gate)), PLACES)
    assert judged.warnings == {"glance": 1}
    assert "By the demands of the gate sql: fail." in markdown(judged)
    assert [row[:2] for row in table(judged, "Demands of the gate").rows] == [
        ("sql_matches_expected", "inconclusive"),
        ("cost", "fail"),
        ("latency", "pass"),
    ]
    assert cells(table(judged, "Demands of the gate"), 1)["Limit"] == "at most 0.10x"


def test_doubts_and_an_unfinished_experiment_are_told_first(compared):
    doubted = replace(compared, sides=replace(compared.sides, doubts=("judge quality drifts",), planned=40))
    glance = report(doubted, PLACES).parts[0].blocks
    assert glance[0] == Text("judge quality drifts", "warning")
    assert glance[1] == Text("12 of 40 examples were asked of both variants.")


def test_what_was_compared_is_told_whole(page):
    facts = {row[0]: row[1:] for row in table(page, "Variants").rows}
    assert facts["Model"] == ("openai/gpt-4o", "openai/ft:gpt-4o-mini:shop")
    assert facts["Prompt version"] == ("UHJvbXB0baseline", "UHJvbXB0candidate")
    assert facts["Digest of the examples"] == ("d1" * 8, "d1" * 8)
    assert '"temperature":0' in facts["Specification"][0]


def test_hostile_answers_are_text_and_the_page_loads_nothing(compared):
    flip = compared.candidate.answers["example-03"][0]
    answers = {**compared.candidate.answers, "example-03": [replace(flip, text=HOSTILE)]}
    text = html(report(replace(compared, candidate=replace(compared.candidate, answers=answers)), PLACES))
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "hunter22" not in text
    assert re.findall(r"https?://[^/\"'<> ]+", re.sub(r'href="[^"]*"', "", text)) == []


def test_a_comparison_without_any_score_is_a_page_all_the_same(compared):
    bare = report(replace(compared, sides=replace(compared.sides, pairs=())), PLACES)
    text = markdown(bare)
    assert "No evaluator scored the answers." in text
    assert "The candidate is worse on 0 examples" in text
    assert "Candidate minus baseline" not in text


def test_a_comparison_of_which_nothing_is_asked_yet_is_a_page_too(compared):
    nothing, none = np.array([]), np.array([], bool)
    pair = replace(
        compared.sides.pairs[0],
        **dict.fromkeys(("example_ids", "clusters", "strata"), ()),
        **dict.fromkeys(("baseline", "candidate"), nothing),
        eligible=none,
    )
    side = Side("b", "b", "b", {}, nothing, nothing, nothing)
    page = report(replace(compared, sides=Sides((), (), (), side, side, (pair,), 12)), PLACES)
    assert "0 of 12 examples were asked of both variants." in html(page)


def test_a_report_lies_under_its_project_and_comparison():
    path = comparison_path("a/b", "g/1", "ba", "ca")
    assert path == "reports/comparisons/project=a%2Fb/gate=g%2F1/ba-ca/report.html"
