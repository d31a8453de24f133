"""Every section, on an empty lake and on a day written as literals."""

import datetime as dt
from dataclasses import replace

import pytest

from tasks.reports.arrivals import Arrivals
from tasks.reports.compose import compose, known_sections, part
from tasks.reports.sections.headline import Figure, moved
from tasks.shared.pages.blocks import Change, Chart, Interval, Link, Number, Table, Text
from tasks.shared.pages.wording import written
from tasks.shared.records import Window
from tests.reports.days import DAY, PHOENIX, annotation, at, check, decision, evidence_of, llm, metric, normal_day, span


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    return evidence_of(tmp_path_factory.mktemp("normal"), normal_day())


@pytest.fixture(scope="module")
def nothing(tmp_path_factory):
    return evidence_of(tmp_path_factory.mktemp("empty"))


def table(evidence, section, title):
    return next(b for b in part(evidence, section).blocks if isinstance(b, Table) and b.title == title)


def texts(evidence, section):
    return [b.text for b in part(evidence, section).blocks if isinstance(b, Text)]


def column(table, name):
    index = table.columns.index(name)
    return [row[index] for row in table.rows]


def column_rows(table):
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


@pytest.mark.parametrize("name", known_sections())
def test_a_section_says_something_on_an_empty_lake(nothing, name):
    blocks = part(nothing, name).blocks
    assert blocks
    assert all(b.empty for b in blocks if isinstance(b, Table) and not b.rows)


@pytest.mark.parametrize("name", known_sections())
def test_a_section_is_made_of_whole_blocks_on_a_normal_day(day, name):
    blocks = part(day, name).blocks
    assert blocks
    for block in blocks:
        if isinstance(block, Table):
            assert {len(row) for row in block.rows} <= {len(block.columns)}
        if isinstance(block, Chart):
            assert block.rows
            assert {len(row) for row in block.rows} == {1 + len(block.series)}


def test_sections_come_in_their_declared_order_and_no_two_share_a_place():
    orders = [section.order for section in known_sections().values()]
    assert orders == sorted(set(orders))
    assert next(iter(known_sections())) == "headline"


def test_every_row_of_figures_leads_to_its_evidence(day):
    without = {
        block.title
        for p in compose(day).parts
        for block in p.blocks
        if isinstance(block, Table) and any(not any(isinstance(cell, Link) for cell in row) for row in block.rows)
    }
    assert without == {"Rows kept out, by reason"}  # what was kept out may be in no trace


def test_every_link_goes_to_a_redirect_route_of_phoenix(day):
    links = [
        cell
        for p in compose(day).parts
        for b in p.blocks
        if isinstance(b, Table)
        for row in b.rows
        for cell in row
        if isinstance(cell, Link)
    ]
    assert len(links) > 20
    assert all(link.url.startswith(f"{PHOENIX}/redirects/") for link in links)


def test_the_headline_takes_value_interval_and_coverage_from_the_published_metrics(day):
    tiles = table(day, "headline", "The day at a glance")
    rows = {row[0]: row for row in tiles.rows}
    assert rows["Spans"][1] == Number(20.0, "count")
    assert rows["Spans with an error"][1:5] == (
        Number(0.1, "share"),
        Interval(0.1 * 0.9, 0.1 * 1.1, "share"),
        Number(10),
        Number(1.0, "share"),
    )
    assert rows["Cost"][1:5] == (Number(pytest.approx(0.58), "usd"), None, Number(9), Number(0.9, "share"))
    assert rows["no_error"][1] == Number(0.9, "score")
    assert rows["toxicity"][4] == Number(0.9, "share")


def test_without_metrics_the_headline_says_so_and_counts_for_itself(tmp_path):
    rows = normal_day()
    evidence = evidence_of(tmp_path, {"spans": rows["spans"]})
    assert "Tracking has published no metrics for 2026-11-19" in texts(evidence, "headline")[0]
    tiles = {row[0]: row for row in table(evidence, "headline", "The day at a glance").rows}
    assert tiles["Spans"][1] == Number(20)
    assert tiles["Traces"][1] == Number(10)
    assert tiles["Spans with an error"][1] == Number(0.1, "share")
    assert tiles["Trace latency, p95"][1] == Number(9000.0, "ms")
    assert tiles["Tokens"][1] == Number(1200.0, "tokens")


def test_the_headline_compares_with_the_same_weekday_a_week_before(tmp_path):
    week_before = Window(DAY.start - dt.timedelta(days=7), DAY.end - dt.timedelta(days=7))
    earlier = [span(i, start_time=at(i) - dt.timedelta(days=7)) for i in range(1, 6)]
    evidence_of(tmp_path, {"spans": earlier}, week_before)
    evidence = evidence_of(tmp_path, {"spans": [span(100 + i, start_time=at(i)) for i in range(1, 11)]})
    tiles = table(evidence, "headline", "The day at a glance")
    assert column(tiles, "A week before")[0] == Number(5)
    spans, _, errors, latency = column(tiles, "Change")[:4]
    assert (spans.value, spans.moved) == (pytest.approx(1.0), False)
    assert (errors.value, errors.measure, errors.moved) == (0.0, "points", False)
    assert latency == Change(0.0)


def test_a_figure_moved_where_the_interval_of_its_change_leaves_out_none():
    before = Figure("error_rate", "Errors", "share", 0.10, 50, low=0.04, high=0.21)
    now = Figure("error_rate", "Errors", "share", 0.12, 50, low=0.05, high=0.24)
    assert written(moved(now, before)) == "+2.0 points (-11.0 to +15.4), within noise"
    now = Figure("error_rate", "Errors", "share", 0.42, 50, low=0.29, high=0.56)
    assert written(moved(now, before)) == "\N{BLACK UP-POINTING TRIANGLE} +32.0 points (+15.0 to +47.2)"
    assert written(moved(before, now)).startswith("\N{BLACK DOWN-POINTING TRIANGLE} -32.0 points")
    slow, fast = (Figure("p95", "p95", "ms", value, 9) for value in (150.0, 100.0))
    assert (moved(slow, fast), written(moved(slow, fast))) == (Change(0.5), "+50.0%")
    nothing = Figure("cost", "Cost", "usd", 0.0, 9)
    assert moved(Figure("cost", "Cost", "usd", 3.0, 9), nothing) is None
    assert moved(Figure("cost", "Cost", "usd", None, 9), before) is None


def test_spans_that_come_in_one_session_count_as_one_arrival(tmp_path):
    apart = evidence_of(tmp_path / "apart", {"spans": [span(i, session_id=f"s{i}") for i in range(1, 41)]})
    together = evidence_of(tmp_path / "together", {"spans": [span(i, session_id=f"s{i % 2}") for i in range(1, 41)]})
    wide, narrow = Arrivals.of(together).total("spans"), Arrivals.of(apart).total("spans")
    assert wide.value == narrow.value == 40
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low)
    assert (narrow.low, narrow.high) == (pytest.approx(28.58, abs=0.01), pytest.approx(54.47, abs=0.01))


def test_errors_that_come_together_say_less_of_the_error_rate(tmp_path):
    def failing(folder, sessions):
        spans = [
            span(i, session_id=f"s{i % sessions}", status_code="ERROR" if i % sessions < sessions / 10 else "OK")
            for i in range(200)
        ]
        return Arrivals.of(evidence_of(tmp_path / folder, {"spans": spans})).error_rate()

    apart, together = failing("apart", 200), failing("together", 20)
    assert apart.value == together.value == pytest.approx(0.1)
    assert together.high - together.low > 2 * (apart.high - apart.low)
    assert Arrivals.of(evidence_of(tmp_path / "none")).error_rate() is None


def test_volume_counts_spans_by_hour_and_kind(day):
    chart = part(day, "volume").blocks[0]
    assert len(chart.rows) == 24
    assert chart.rows[1] == ("01:00", 2, 0)
    assert chart.rows[10] == ("10:00", 0, 2)
    assert chart.rows[11] == ("11:00", 0, 0)
    kinds = table(day, "volume", "Spans by kind")
    assert column(kinds, "Kind") == ["CHAIN", "LLM"]
    assert column(kinds, "Spans") == [Number(10), Number(10)]


def test_errors_have_a_rate_with_its_interval_by_span_name(day):
    names = table(day, "errors", "Errors by span name")
    assert column(names, "Span name") == ["answer", "generate"]
    assert column(names, "Rate") == [Number(0.1, "share")] * 2
    interval = column(names, "95 % interval")[0]
    assert (interval.low, interval.high) == (pytest.approx(0.0179, abs=1e-4), pytest.approx(0.4042, abs=1e-4))
    exceptions = table(day, "errors", "Exception types")
    assert exceptions.rows[0][:5] == ("TimeoutError", Number(2), Number(1), "answer, generate", "no answer after 30 s")


def test_latency_has_quantiles_by_span_name_and_the_published_interval(day):
    names = table(day, "latency", "Latency by span name")
    assert column(names, "Span name") == ["answer", "generate"]
    assert column(names, "p50")[0] == Number(100.0, "ms")
    assert column(names, "p99")[0] == Number(9000.0, "ms")
    assert column(names, "p95, 95 % interval") == [Interval(None, None), Interval(90.0, pytest.approx(110.0), "ms")]


def test_tokens_say_how_many_calls_report_them(tmp_path):
    evidence = evidence_of(tmp_path, {"spans": [llm(1, 9), llm(2, 9, total_tokens=None, prompt_tokens=None)]})
    assert texts(evidence, "tokens") == ["1 of 2 model calls carry no token counts."]
    assert column(table(evidence, "tokens", "Tokens by model"), "Coverage") == [Number(0.5, "share")]
    assert column(table(evidence, "tokens", "Tokens by model"), "Total") == [Number(120.0, "tokens")]


def test_cost_warns_of_models_without_a_price(day):
    assert texts(day, "cost") == ["No price is known for mystery (120 tokens). The cost below leaves them out."]
    models = table(day, "cost", "Cost by model")
    assert column(models, "Cost") == [Number(pytest.approx(0.58), "usd"), Number(None, "usd")]
    assert column(models, "Priced") == [Number(1.0, "share"), Number(0.0, "share")]


def test_scores_have_mean_interval_coverage_and_the_worst_unit_by_direction(tmp_path):
    rows = [decision("harm", i, direction="minimize", score=i / 10) for i in range(1, 5)]
    rows += [decision("harm", 5, direction="minimize", status="sampled_out", score=None)]
    rows += [decision("harm", 6, direction="minimize", status="not_applicable", score=None)]
    evidence = evidence_of(tmp_path, {"decisions": rows})
    scores = table(evidence, "scores", "Scores by evaluator")
    row = dict(zip(scores.columns, scores.rows[0], strict=True))
    assert row["Mean"] == Number(0.25, "score")
    assert (row["n"], row["Coverage"], row["Better"]) == (Number(4), Number(0.8, "share"), "lower")
    assert (row["95 % interval"].low, row["95 % interval"].high) == (
        pytest.approx(0.0446, abs=1e-4),
        pytest.approx(0.4554, abs=1e-4),
    )
    assert row["Evidence"].url.endswith(span(4)["trace_id"])
    statuses = table(evidence, "scores", "Decisions by status")
    assert statuses.rows[0][:-1] == ("harm", *(Number(n) for n in (6, 4, 1, 1, 0, 0, 0, 0)))


def test_the_mean_of_a_sample_speaks_for_all_units(tmp_path):
    rows = [decision("e", 1, inclusion_probability=0.1), *(decision("e", i, score=0.0) for i in range(2, 12))]
    (row,) = column_rows(table(evidence_of(tmp_path, {"decisions": rows}), "scores", "Scores by evaluator"))
    assert (row["Mean"], row["95 % interval"]) == (Number(0.5, "score"), Interval(None, None, "score"))


def test_scores_show_what_is_missing_could_do(tmp_path):
    rows = [decision("e", 1), decision("e", 2, score=0.0), decision("e", 3, status="errored", score=None)]
    published = metric("score/e", 0.5, n=2, coverage=2 / 3, worst=1 / 3, best=2 / 3)
    evidence = evidence_of(tmp_path, {"decisions": rows, "metrics": [published]})
    (row,) = column_rows(table(evidence, "scores", "Scores by evaluator"))
    assert row["Missing: all worst, all best"] == "0.333, 0.667"


def test_labels_without_scores_are_covered_too(tmp_path):
    rows = [decision("topic", i, score=None, label="billing") for i in (1, 2)]
    evidence = evidence_of(tmp_path, {"decisions": [*rows, decision("topic", 3, status="sampled_out", score=None)]})
    (row,) = column_rows(table(evidence, "scores", "Scores by evaluator"))
    assert (row["n"], row["Coverage"]) == (Number(2), Number(2 / 3, "share"))


def test_scores_warn_of_evaluators_that_failed(day):
    assert texts(day, "scores") == ["Evaluators failed: toxicity on 1 of 10 units, last: KeyError: 'x'"]


def test_two_versions_of_an_evaluator_are_told_apart(tmp_path):
    evidence = evidence_of(tmp_path, {"decisions": [decision("a", 1), decision("a", 2, version="2", score=0.0)]})
    assert [row[0] for row in table(evidence, "scores", "Decisions by status").rows] == ["a v1", "a v2"]


def test_feedback_lists_what_people_wrote(day):
    table_ = table(day, "feedback", "Annotations by name")
    assert table_.rows[0][:8] == (
        "thumbs", "human", "trace", Number(2), Number(2), Number(1.0, "share"), Number(0.5, "score"), "down, up",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("How many devices are there?", "how many  devices are there"),
        ("Show order 17", "show order 99,5"),
        ('Find "pump A"', "find 'valve B'!"),
        ('{"question": "Who?"}', "who"),
    ],
)
def test_alike_questions_count_as_one(tmp_path, left, right):
    evidence = evidence_of(tmp_path, {"spans": [span(1, input=left), span(2, input=right), span(3, input="Other?")]})
    queries = table(evidence, "top_queries", "Most frequent questions")
    assert column(queries, "n") == [Number(2), Number(1)]
    assert queries.note == "2 different questions in 3 root spans with input."


def test_only_root_spans_ask_questions(tmp_path):
    evidence = evidence_of(tmp_path, {"spans": [span(1, input="Why?"), llm(2, 1, input="prompt text")]})
    assert column(table(evidence, "top_queries", "Most frequent questions"), "Question") == ["Why?"]


def test_the_worst_traces_are_found_by_errors_scores_time_and_cost(day):
    for title, trace in (("Most errors", 10), ("Lowest scores", 10), ("Slowest", 9), ("Most expensive", 10)):
        first = table(day, "worst_traces", title).rows[0][0]
        assert first.url == f"{PHOENIX}/redirects/traces/{span(trace)['trace_id']}", title
    assert len(table(day, "worst_traces", "Slowest").rows) == 5


def test_a_high_score_is_low_where_lower_is_better(tmp_path):
    rows = [decision("harm", i, direction="minimize", score=0.0) for i in range(1, 9)]
    rows.append(decision("harm", 9, direction="minimize", score=1.0, explanation="rude"))
    lowest = table(evidence_of(tmp_path, {"decisions": rows}), "worst_traces", "Lowest scores")
    assert [row[0].text for row in lowest.rows] == [span(9)["trace_id"][:8]]
    assert lowest.rows[0][-1] == "rude"


def test_data_quality_lists_warnings_quarantine_and_gaps(day):
    warnings = [b.text for b in part(day, "data_quality").blocks if isinstance(b, Text) and b.tone == "warning"]
    assert warnings == ["warning: expect_session on spans.span_id does not hold for 3 of 10 rows. Seen: 30 % without"]
    assert "1 of 2 checks hold." in texts(day, "data_quality")
    reasons = table(day, "data_quality", "Rows kept out, by reason")
    assert [(row[2], row[3]) for row in reasons.rows] == [("end 1 is before start 2", Number(2))]
    gaps = {row[0]: row[1:4] for row in table(day, "data_quality", "What the spans do not say").rows}
    assert gaps["Root spans without session"] == (Number(2), Number(10), Number(0.2, "share"))
    assert gaps["LLM spans without a cost"] == (Number(1), Number(10), Number(0.1, "share"))
    assert "Spans of unknown kind" not in gaps


def test_a_day_s_check_speaks_for_its_hours(tmp_path):
    rows = [check("unique"), check("unique", start_time=at(1), end_time=at(2), success=False, failing=2, checked=3)]
    evidence = evidence_of(tmp_path, {"checks": rows})
    assert texts(evidence, "data_quality")[0] == "1 of 1 checks hold."


def test_a_check_that_failed_in_any_hour_of_a_day_not_checked_whole_is_a_warning(tmp_path):
    failed = check("unique", start_time=at(1), end_time=at(2), success=False, failing=2, checked=3)
    rows = [check("unique", start_time=at(2), end_time=at(3)), failed]
    evidence = evidence_of(tmp_path, {"checks": rows})
    assert texts(evidence, "data_quality")[0] == (
        "warning: unique on spans.span_id does not hold for 2 of 3 rows. Seen: nothing amiss"
    )


def test_metrics_are_known_by_name_and_dimension(tmp_path):
    evidence = evidence_of(tmp_path, {"metrics": [metric("a", 1.0), metric("a", 2.0, dimension="model=x")]})
    assert {key: found.value for key, found in evidence.metrics.items()} == {("a", ""): 1.0, ("a", "model=x"): 2.0}


def test_the_day_s_rows_of_another_project_stay_out(tmp_path):
    evidence = evidence_of(tmp_path, {"annotations": [annotation(1, 1)]})
    other = replace(evidence, project="other")
    assert not table(other, "feedback", "Annotations by name").rows


def test_prompt_versions_have_the_scores_that_tracking_published_for_them(tmp_path):
    rows = {
        "spans": [span(1), llm(2, 1, prompt_version="v1"), llm(3, 1, prompt_version="v2", status_code="ERROR")],
        "metrics": [metric("score/sql_valid", 0.5, dimension="prompt_version=v2"), metric("score/sql_valid", 0.75)],
    }
    found = column_rows(table(evidence_of(tmp_path, rows), "prompt_versions", "Prompt versions"))
    assert [(row["Version"], row["Errors"].value) for row in found] == [("v1", 0.0), ("v2", 1.0)]
    assert [row["Mean scores"] for row in found] == [None, "sql_valid 0.500 (0.450 to 0.550, n 10)"]
