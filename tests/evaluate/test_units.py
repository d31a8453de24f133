"""The views of spans, traces and sessions, on a real lake."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.evaluate.catalogue import known_evaluators
from tasks.evaluate.units import view_sql, window_to_read
from tasks.shared.records import HOUR, REACH_HOURS, Window
from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import SPANS
from tests.evaluate.rows import DAY, NOON, span_row, span_table

SECOND = dt.timedelta(seconds=1)
ONE_HOUR = Window(NOON, NOON + HOUR)


def store(lake, *rows):
    """Write rows of any hour within two days around DAY."""
    lake.write(SPANS, "p", Window(DAY.start - 24 * HOUR, DAY.end + 24 * HOUR), span_table(*rows))


def view(lake, unit, window=DAY):
    values = {"start": window.start, "end": window.end}
    found = lake.sql(view_sql(unit), "p", window_to_read(unit, window), values).to_pylist()
    return {row["unit_id"]: row for row in found}


def test_the_span_view_is_the_window_with_every_column(lake):
    store(lake, span_row("a"), span_row("b", start_time=NOON + HOUR), span_row("c", start_time=NOON - SECOND))
    found = view(lake, "span", ONE_HOUR)
    assert set(found) == {"a"}
    assert set(found["a"]) == {"unit_id", *SPANS.schema.names}


def test_a_trace_is_added_up_over_its_spans(lake):
    store(
        lake,
        span_row(
            "child", trace_id="t", parent_id="root", start_time=NOON, cost_usd=0.2, total_tokens=5, output="x" * 300
        ),
        span_row("root", trace_id="t", name="chat", start_time=NOON, latency_ms=5000.0, input="in", output="out"),
        span_row("late", trace_id="t", parent_id="root", start_time=NOON + SECOND, status_code="ERROR", cost_usd=0.1),
        span_row("free", trace_id="t", parent_id="root", start_time=NOON + 2 * SECOND, total_tokens=7),
    )
    trace = view(lake, "trace")["t"]
    assert trace["trace_id"] == "t"
    assert (trace["name"], trace["input"], trace["output"]) == ("chat", "in", "out")
    assert (trace["start_time"], trace["latency_ms"]) == (NOON, 5000.0)
    assert (trace["span_count"], trace["error_spans"]) == (4, 1)
    assert trace["cost_usd"] == pytest.approx(0.3)
    assert (trace["total_tokens"], trace["unpriced_spans"]) == (12, 1)
    assert [s["name"] for s in trace["steps"]] == ["step", "chat", "step", "step"]
    assert [s["status_code"] for s in trace["steps"]] == ["OK", "OK", "ERROR", "OK"]
    assert len(trace["steps"][0]["output_head"]) == 200


def test_a_trace_belongs_to_the_window_it_starts_in_with_all_its_later_spans(lake):
    store(
        lake,
        span_row("early", trace_id="before", start_time=NOON - SECOND),
        span_row("rest", trace_id="before", start_time=NOON + SECOND),
        span_row("first", trace_id="inside", start_time=NOON + 59 * 60 * SECOND),
        span_row("after", trace_id="inside", start_time=NOON + 61 * 60 * SECOND),
    )
    assert {unit: row["span_count"] for unit, row in view(lake, "trace", ONE_HOUR).items()} == {"inside": 2}
    earlier = Window(NOON - HOUR, NOON)
    assert {unit: row["span_count"] for unit, row in view(lake, "trace", earlier).items()} == {"before": 2}


@pytest.mark.parametrize(
    ("output", "messages", "said"),
    [
        ("Error: plain", None, "Error: plain"),
        ('{"choices": []}', '[{"role": "assistant", "content": "Error: inside"}]', "Error: inside"),
        ('{"choices": []}', '[{"role": "assistant", "content": null}]', '{"choices": []}'),
        ("text", '[{"role": "assistant", "content": "other"}]', "text"),
        (None, None, None),
    ],
)
def test_a_step_says_what_its_message_says_where_the_output_is_the_whole_response(lake, output, messages, said):
    store(lake, span_row("a", trace_id="t", output=output, output_messages=messages))
    assert view(lake, "trace")["t"]["steps"][0]["output_head"] == said


def test_a_trace_without_its_root_is_named_by_its_first_span(lake):
    store(
        lake,
        span_row("b", trace_id="t", parent_id="gone", name="second", start_time=NOON + SECOND),
        span_row("a", trace_id="t", parent_id="gone", name="first"),
    )
    assert view(lake, "trace")["t"]["name"] == "first"


def test_a_late_span_changes_the_digest_of_its_trace_only(lake):
    store(lake, span_row("a", trace_id="t"), span_row("b", trace_id="u"))
    before = view(lake, "trace")
    store(lake, span_row("c", trace_id="t", start_time=NOON + HOUR))
    after = view(lake, "trace")
    assert before["t"]["digest"] != after["t"]["digest"]
    assert before["u"]["digest"] == after["u"]["digest"]


def test_a_session_is_its_traces_even_where_only_the_roots_carry_its_id(lake):
    store(
        lake,
        span_row("r1", trace_id="t1", session_id="s", user_id="ann", input="hi", output="hello"),
        span_row("c1", trace_id="t1", parent_id="r1", cost_usd=0.5, total_tokens=3, status_code="ERROR"),
        span_row("r2", trace_id="t2", session_id="s", start_time=NOON + 13 * HOUR, input="bye", output="ciao"),
        span_row("x", trace_id="alone"),
    )
    found = view(lake, "session")
    assert set(found) == {"s"}
    session = found["s"]
    assert session["trace_id"] is None
    assert (session["trace_count"], session["span_count"], session["error_spans"]) == (2, 3, 1)
    assert (session["cost_usd"], session["total_tokens"], session["user_id"]) == (0.5, 3, "ann")
    assert session["turns"] == [
        {"trace_id": "t1", "input": "hi", "output": "hello"},
        {"trace_id": "t2", "input": "bye", "output": "ciao"},
    ]
    assert view(lake, "session", Window(DAY.end, DAY.end + 24 * HOUR)) == {}


@pytest.mark.parametrize(("name", "evaluator"), known_evaluators().items())
def test_an_evaluator_needs_only_columns_that_its_unit_has(lake, name, evaluator):
    store(lake, span_row("a", session_id="s"))
    row = next(iter(view(lake, evaluator.unit).values()))
    assert set(evaluator.needs) <= set(row)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(-300, 300), st.booleans()), min_size=1, max_size=25),
    st.sampled_from([3, 4, 12]),
)
def test_every_trace_starts_in_exactly_one_hour_and_loses_no_span(tmp_path_factory, spans, hours):
    """However a day is cut into windows, each trace within reach appears once, with all its spans."""
    rows = [
        span_row(
            f"s{i}",
            trace_id=f"t{trace}",
            start_time=NOON + dt.timedelta(minutes=minute),
            status_code="ERROR" if bad else "OK",
        )
        for i, (trace, minute, bad) in enumerate(spans)
    ]
    lake = Lake.open(LakeSettings(root=str(tmp_path_factory.mktemp("lake"))))
    store(lake, *rows)
    start = NOON - REACH_HOURS["trace"] * HOUR
    seen = []
    for offset in range(0, 12, hours):
        window = Window(start + offset * HOUR, start + (offset + hours) * HOUR)
        seen += [(u, r["span_count"], r["error_spans"]) for u, r in view(lake, "trace", window).items()]
    expected = {
        (f"t{t}", sum(s[0] == t for s in spans), sum(s[0] == t and s[2] for s in spans))
        for t in {s[0] for s in spans}
        if short(t, spans)
    }
    assert sorted(x for x in seen if x[0] in {e[0] for e in expected}) == sorted(expected)


def short(trace, spans):
    """Whether all spans of the trace lie within the reach of its start."""
    minutes = [minute for t, minute, _ in spans if t == trace]
    return max(minutes) - min(minutes) <= 60 * (REACH_HOURS["trace"] - 1)
