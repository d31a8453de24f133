"""The report, from rows alone."""

import datetime as dt
import re

from tasks.failures.attributing import annotations_of
from tasks.failures.claims import INSIGHTS, PARTS, Analysis, claims_in
from tasks.failures.insights import key_insights
from tasks.failures.report import failures_page, heat_map
from tasks.failures.scope import Scope
from tasks.failures.summary import Summary
from tasks.failures.tracked import failures_run
from tasks.shared.pages.markdown import markdown
from tasks.shared.pages.page import html
from tasks.shared.records import DAY, Window
from tasks.shared.settings import Settings
from tests.failures.agents import PLAN
from tests.failures.test_figures import ROWS, labelled, row

WEEK = Window.of_day(dt.date(2026, 11, 19))
BEFORE = Window(WEEK.start - DAY, WEEK.start)
PHOENIX = "http://phoenix:6006"
ANSWER = {
    "patterns": [{"pattern": "<b>the plan</b> names no tool", "trace_ids": ["t"]}],
    "fixes": [{"fix": "ask for a tool", "how_to_test": "replay", "trace_ids": ["t"]}],
}
PLAN_ANALYSIS = Analysis("Plan", 2, 2, 1, "answered", claims_in(ANSWER, PARTS, {"t"}), questions=1, cost_usd=0.002)
ALL = claims_in({"insights": [{"insight": "Mend the plan first.", "trace_ids": ["t"]}]}, INSIGHTS, {"t"})
SUMMARY = Summary(
    scope=Scope("p", WEEK, PLAN),
    rows=[*ROWS, labelled("Plan", "Plan"), labelled("Plan", "Parse", explanation="<script>alert(1)</script>")],
    before=[(BEFORE, [row("none", "Answer") for _ in range(20)])],
    analyses=[PLAN_ANALYSIS],
    insights=Analysis("", 6, 2, 1, "answered", ALL),
    phoenix_url=PHOENIX,
)


def test_the_page_leads_to_the_evidence_and_escapes_what_traces_say():
    page = html(failures_page(SUMMARY))
    assert f'href="{PHOENIX}/redirects/traces/t"' in page
    assert f'href="{PHOENIX}/redirects/spans/span%20of%20Plan"' in page
    assert "<script" not in page
    assert "&lt;b&gt;the plan&lt;/b&gt; names no tool" in page
    for title in ("Key insights", "By state", "Models and tools", "Why they fail", "Examples", "How right this is"):
        assert title in page


def test_the_numbers_stand_in_html_and_markdown_alike():
    text = markdown(failures_page(SUMMARY))
    assert "| Plan | 3 | 50.0% |" in text
    assert re.search(r"\| Parse \| 0 \| 2 \| 0 \| 2 \|", text)
    assert "Mend the plan first." in text
    assert heat_map(SUMMARY).counts == ((2, 1, 0), (0, 2, 0), (0, 0, 1))


def test_key_insights_say_most_first_with_intervals():
    said = key_insights(SUMMARY)
    assert said[0].startswith("6 of 12 (50.0%, 95 % interval 25.4% to 74.6%)")
    assert "Most of them at Plan: 3 of 6" in said[1]
    assert "By status alone 1 of 6" in " ".join(said)
    assert "more than in the window before" in " ".join(said)
    assert said[-1].startswith("Where labels tell, the analysis names the right state for 50.0% of 2 runs")


def test_without_failures_labels_models_and_windows_before_the_page_says_so():
    bare = Summary(scope=Scope("p", WEEK, PLAN, in_phoenix=False), rows=[row("none", "Answer")])
    text = markdown(failures_page(bare))
    for said in ("No run failed, of 1.", "No model was asked.", "No run has a label", "No window before was analysed"):
        assert said in text
    assert "phoenix" not in text.lower()


def test_mlflow_gets_counts_rates_and_both_pictures():
    run = failures_run(SUMMARY, Settings(), None, {"report.html": b"x"})
    values = {point.name: point.value for point in run.points}
    assert (values["runs"], values["failures"], values["failures/state/Plan"], values["failures/rate"]) == (
        12,
        6,
        3,
        0.5,
    )
    assert values["failures/step/tool/status_error"] == 1
    assert values["attribution_accuracy.n"] == 2
    assert all(run.artifacts[name].startswith(b"\x89PNG") for name in ("failures-by-state.png", "transitions.png"))
    assert sum(cell["runs"] for cell in run.tables["transitions"]) == 6


def failed(trace, state, span):
    return row(state, taxonomy="planner", trace_id=trace, root_span_id=f"root {trace}", span_id=span)


def test_root_and_failing_span_are_told_once_each():
    told = annotations_of([failed("a", "Plan", "s"), failed("b", "Fetch", None), failed("c", "none", None)], [])
    assert [(each.target_id, each.label) for each in told] == [("root a", "Plan"), ("s", "Plan"), ("root b", "Fetch")]
    assert {each.name for each in told} == {"Failure State with Explanation"}
    assert {each.identifier for each in told} == {"nightjar:failures@planner"}


def test_what_is_no_failure_any_more_is_told_so():
    before = [{"trace_id": "a", "root_span_id": "root a", "span_id": "old"}]
    gone = annotations_of([failed("a", "none", None)], before)
    assert [(each.target_id, each.label) for each in gone] == [("root a", "none"), ("old", "none")]
    moved = annotations_of([failed("a", "Plan", "new")], before)
    assert [(e.target_id, e.label) for e in moved] == [("root a", "Plan"), ("new", "Plan"), ("old", "none")]
