"""Small days for report tests, written as literals: rows with everything a column needs, and lakes that hold them."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from tasks.reports.evidence import Evidence
from tasks.shared.records import Edition, Window
from tasks.shared.settings import LakeSettings, PhoenixSettings, ReportSettings, Settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import (
    ALERT_EVENTS,
    ANNOTATIONS,
    CHECKS,
    DECISIONS,
    FEEDBACK,
    METRICS,
    PERIOD_METRICS,
    PHOENIX_COSTS,
    QUARANTINE,
    SPANS,
    Table,
)

PROJECT = "shop"
DAY = Window.of_day(dt.date(2026, 11, 19))
MADE_AT = DAY.end + dt.timedelta(hours=9)
PHOENIX = "http://phoenix.test:6006"
ALL_TABLES: tuple[Table, ...] = (
    *(SPANS, DECISIONS, METRICS, PERIOD_METRICS, CHECKS, QUARANTINE, ANNOTATIONS, FEEDBACK, ALERT_EVENTS),
    PHOENIX_COSTS,
)


def at(hour: int, minute: int = 0) -> dt.datetime:
    """A time on the day."""
    return DAY.start + dt.timedelta(hours=hour, minutes=minute)


def span(number: int, **values: Any) -> dict[str, Any]:
    """A root CHAIN span at noon that took 100 ms; *number* makes its ids."""
    start, latency_ms = values.get("start_time", at(12)), values.get("latency_ms", 100.0)
    return {
        "span_id": f"{number:016x}",
        "trace_id": f"{number:032x}",
        "kind": "CHAIN",
        "name": "answer",
        "status_code": "OK",
        "start_time": start,
        "end_time": start + dt.timedelta(milliseconds=latency_ms),
        "latency_ms": latency_ms,
        "dialect": "openinference",
        "attributes": "{}",
        "digest": f"{number:016x}",
        **values,
    }


def llm(number: int, trace: int, **values: Any) -> dict[str, Any]:
    """An LLM call below the root span *trace*."""
    root = span(trace)
    call = {"kind": "LLM", "name": "generate", "model": "gpt-4o", "parent_id": root["span_id"]}
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, "cost_usd": 0.01}
    return span(number, trace_id=root["trace_id"], **{**call, **usage, **values})


def decision(evaluator: str, trace: int, **values: Any) -> dict[str, Any]:
    """A scored decision of *evaluator* on the trace of root span *trace*."""
    trace_id = span(trace)["trace_id"]
    return {
        "unit": "trace",
        "unit_id": trace_id,
        "trace_id": trace_id,
        "start_time": at(12),
        "evaluator": evaluator,
        "version": "1",
        "kind": "code",
        "direction": "maximize",
        "status": "scored",
        "score": 1.0,
        "cost_usd": 0.0,
        "inclusion_probability": 1.0,
        "unit_digest": "0",
        "decided_at": at(23),
        **values,
    }


def metric(name: str, value: float, **values: Any) -> dict[str, Any]:
    """A metric of the day with an interval of 10 % each way."""
    times = {"start_time": DAY.start, "end_time": DAY.end}
    interval = {"low": value * 0.9, "high": value * 1.1}
    return {
        **times,
        "name": name,
        "dimension": "",
        "value": value,
        "n": 10,
        "coverage": 1.0,
        "unit": "",
        **interval,
    } | values


def check(expectation: str, **values: Any) -> dict[str, Any]:
    """A check of the spans that holds."""
    return {
        "start_time": DAY.start,
        "end_time": DAY.end,
        "table_name": "spans",
        "file": "part",
        "expectation": expectation,
        "column": "span_id",
        "severity": "warning",
        "success": True,
        "checked": 10,
        "failing": 0,
        "observed": "nothing amiss",
        "examples": "[]",
        **values,
    }


def quarantined(number: int, reason: str) -> dict[str, Any]:
    """A malformed span."""
    row = {"start_time": at(12), "table_name": "spans", "row_id": f"{number:016x}", "stage": "normalise"}
    return {**row, "reason": reason, "row": "{}"}


def annotation(number: int, trace: int, **values: Any) -> dict[str, Any]:
    """A thumbs-up of a person on the trace of root span *trace*."""
    return {
        "annotation_id": f"A{number}",
        "unit": "trace",
        "unit_id": span(trace)["trace_id"],
        "start_time": at(12),
        "name": "thumbs",
        "annotator_kind": "HUMAN",
        "label": "up",
        "score": 1.0,
        "identifier": "",
        **values,
    }


def guardrail(number: int, trace: int, **values: Any) -> dict[str, Any]:
    """A guardrail that let the question of the root span *trace* pass."""
    root = span(trace)
    passed = {"kind": "GUARDRAIL", "name": "guard", "parent_id": root["span_id"], "output": "safe"}
    return span(number, trace_id=root["trace_id"], **{**passed, **values})


def given(number: int, trace: int | None, **values: Any) -> dict[str, Any]:
    """A rating that the application recorded, of the trace of root span *trace*."""
    trace_id = span(trace)["trace_id"] if trace else None
    return {
        "feedback_id": f"{number:016x}",
        "start_time": at(13),
        "rating": "positive",
        "status": "matched" if trace else "unmatched",
        "trace_id": trace_id,
        "read_at": at(23),
        **values,
    }


def phoenix_cost(
    model: str, ours: float | None, theirs: float | None, reason: str = "same", **values: Any
) -> dict[str, Any]:
    """What Phoenix said that *model* cost on the day, beside our figure."""
    row = {"start_time": DAY.start, "end_time": DAY.end, "model": model, "models": model, "calls": 8, "tokens": 960}
    told = "" if reason == "same" else f"Because of {reason}."
    costs = {"cost_usd": ours, "phoenix_cost_usd": theirs, "phoenix_tokens": None if theirs is None else 960}
    return {**row, **costs, "reason": reason, "told": told, "asked_at": DAY.end, **values}


def settings_of(folder: Path, **values: Any) -> Settings:
    """The default settings, of a lake below *folder*, whatever nightjar.toml says; *values* are tables of them."""
    lake = LakeSettings(root=str(folder / "lake"))
    return Settings.model_construct(lake=lake, phoenix=PhoenixSettings(url=PHOENIX), **values)


def evidence_of(
    folder: Path,
    rows: dict[str, list[dict[str, Any]]] | None = None,
    window: Window = DAY,
    edition: Edition = "day",
    **values: Any,
) -> Evidence:
    """Evidence on a fresh lake below *folder* that holds *rows* by table name, of the day or its *edition*."""
    settings = settings_of(folder, **values)
    lake = Lake.open(settings.lake)
    tables: dict[str, Table] = {table.name: table for table in ALL_TABLES}
    for name, listed in (rows or {}).items():
        lake.write(tables[name], PROJECT, window, pa.Table.from_pylist(listed, schema=tables[name].schema))
    evidence = Evidence.open(settings, PROJECT, Window.of_edition(edition, DAY.start.date()), edition)
    return replace(evidence, made_at=MADE_AT)


def normal_day() -> dict[str, list[dict[str, Any]]]:
    """Ten traces with an LLM call each: two fail, one is slow, one is dear, one asks what another asked."""
    fast = {"session_id": "s1", "user_id": "u1", "input": "How many devices are there?"}
    roots = [span(i, start_time=at(i), **fast) for i in range(1, 9)]
    roots.append(span(9, start_time=at(9), latency_ms=9000.0, input="how many devices  are there"))
    failing = {"status_code": "ERROR", "exception_type": "TimeoutError", "exception_message": "no answer after 30 s"}
    roots.append(span(10, start_time=at(10), input='{"query": "Which site is down?"}', **failing))
    calls = [llm(100 + i, i, start_time=at(i), prompt_version="v3") for i in range(1, 9)]
    calls.append(llm(109, 9, start_time=at(9), model="mystery", cost_usd=None))
    calls.append(llm(110, 10, start_time=at(10), cost_usd=0.5, **failing))
    return {
        "spans": roots + calls,
        "decisions": [
            *(decision("no_error", i) for i in range(1, 10)),
            decision("no_error", 10, score=0.0, label="error", explanation="generate: no answer after 30 s"),
            *(decision("toxicity", i, direction="minimize", score=0.1) for i in range(1, 10)),
            decision("toxicity", 10, direction="minimize", status="errored", score=None, explanation="KeyError: 'x'"),
            *(decision("relevance", i, kind="llm", model="openai/gpt-4o-mini", cost_usd=0.01) for i in range(1, 11)),
        ],
        "metrics": [
            metric("spans", 20.0, low=None, high=None),
            metric("error_rate/spans", 0.1),
            metric("score/no_error", 0.9, n=10),
            metric("pass_rate/relevance", 0.9, high=1.0),
            metric("pass_rate_corrected/relevance", 0.8),
            metric("latency_ms/p95", 100.0, dimension="name=generate"),
        ],
        "checks": [check("expect_unique"), check("expect_session", success=False, failing=3, observed="30 % without")],
        "quarantine": [quarantined(1, "end 5 is before start 7"), quarantined(2, "end 1 is before start 2")],
        "annotations": [annotation(1, 1), annotation(2, 2, label="down", score=0.0)],
        "phoenix_costs": [
            phoenix_cost("gpt-4o", 0.58, 0.58),
            phoenix_cost("mystery", None, None, "unknown_to_both", calls=1),
        ],
    }


def full_day() -> dict[str, list[dict[str, Any]]]:
    """A normal day on which every section has something to say."""
    day = normal_day()
    blocked = {"output": "blocked: asks for a password", "start_time": at(7)}
    told = {"service_name": "chat", "session_id": "s2", "user_id": "u2"}
    return {
        **day,
        "spans": [
            *day["spans"],
            *(guardrail(200 + i, i, start_time=at(i)) for i in range(1, 6)),
            guardrail(207, 7, **blocked),
            span(300, start_time=at(15), input="Why?", **told),
        ],
        "metrics": [
            *day["metrics"],
            metric("success/traces", 0.97, low=0.95, high=0.99, unit="share", n=400),
            metric("success/sessions", 0.9, low=0.8, high=0.95, unit="share"),
            metric("satisfaction", 0.7, low=0.6, high=0.8, unit="share", n=80, coverage=0.2),
            metric("latency_ms/p95", 4000.0, low=3000.0, high=6000.0, unit="ms", n=400),
            metric("queries_per_session/mean", 4.0),
            metric("session_duration_ms/p95", 90_000.0, unit="ms"),
        ],
        "feedback": [
            given(1, 3, comment="=1+1 is what I got", text="How many?"),
            given(2, 4, rating="negative", comment="Wrong site", start_time=at(14)),
            given(3, None),
        ],
    }


def full_settings() -> dict[str, Any]:
    """Tables of settings with which every section has something to say of a full day."""
    return {"reports": ReportSettings(services={"chat": (), "answers": ("answer", "gen*"), "batch": ("batch.*",)})}


def full_evidence(folder: Path, edition: Edition = "day") -> Evidence:
    """A full day, and the same weekday before with half its traffic and a tenth of its satisfaction more."""
    week = dt.timedelta(days=7)
    before = Window(DAY.start - week, DAY.end - week)
    day = full_day()
    times = {"start_time": before.start, "end_time": before.end}
    earlier = {
        "spans": [{**row, **{t: row[t] - week for t in times}} for row in day["spans"][:12]],
        "metrics": [
            {**row, **times, **{end: row[end] - 0.3 for end in ("value", "low", "high")}}
            for row in day["metrics"]
            if row["name"] == "satisfaction"
        ],
    }
    evidence_of(folder, earlier, before)
    return evidence_of(folder, day, edition=edition, **full_settings())
