"""The ground truth of a simulation: what was injected, day by day. Written only where told; no part of the pipeline."""

import dataclasses
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import BaseModel, Field

from deployments.simulator.opinions import Opinion, opinion_of
from deployments.simulator.rhythm import NS_PER_S
from deployments.simulator.spans import SimulatedSpan, SimulatedTrace
from deployments.simulator.traffic import Traffic


class DayTruth(BaseModel):
    """One UTC day. Spans count on the day they start; ids are span ids unless said otherwise."""

    spans: int = 0
    traces: int = 0
    sessions: int = 0
    spans_by_service: dict[str, int] = {}
    error_spans: int = Field(0, description="spans with status ERROR")
    errors_by_kind: dict[str, int] = {}
    errors_by_type: dict[str, int] = Field({}, description="exception type")
    llm_spans: int = Field(0, description="spans that report tokens")
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float = 0.0
    cost_usd_by_model: dict[str, float] = {}
    spans_without_model: int = Field(0, description="spans that report tokens but lost their model: no cost")
    failed_traces: dict[str, str] = Field({}, description="trace id: the step it failed at")
    failed_spans: dict[str, str] = Field({}, description="trace id of the recipe agent: the span it failed at")
    hallucinated_sql: dict[str, str] = Field({}, description="span: unknown_column or wrong_logic")
    misled_insights: list[str] = Field([], description="spans that explain the rows of hallucinated SQL")
    refusals: dict[str, str] = Field({}, description="trace id: span that refused")
    invalid_tool_calls: dict[str, str] = Field({}, description="span: not_json or not_in_schema")
    invalid_json: list[str] = Field([], description="spans whose declared JSON output does not parse")
    slow_spans: list[str] = []
    feedback: dict[str, Opinion] = Field({}, description="root span: what the user said of the answer")
    dialects: dict[str, str] = Field({}, description="span: traceloop, otel_genai or cut; all others openinference")


class IncidentTruth(BaseModel):
    """The injected incident and what it did."""

    start: dt.datetime
    end: dt.datetime
    calls: list[str] = Field(description="execute_sql spans that ran in it")
    errors: list[str] = Field(description="of those, the ones it made fail")


class Answer(BaseModel):
    """A model's answer that a judge may be asked about, with what is true of it."""

    span_id: str
    input: str
    output: str
    hallucinated: bool = Field(description="hallucinated SQL, or an insight into the rows of such SQL")
    refused: bool


class Truth(BaseModel):
    """Everything a simulation injected."""

    simulated: bool = True
    project: str
    seed: int
    settings: dict[str, object] = Field({}, description="the traffic settings as given")
    days: dict[dt.date, DayTruth] = {}
    incident: IncidentTruth | None = None
    answers: list[Answer] = []
    negative_tokens: list[str] = Field([], description="spans of the broken project with negative counts")
    malformed: list[str] = Field([], description="spans of the broken project that end before they start")

    def write(self, path: Path) -> None:
        """Write the truth as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.model_dump_json(indent=1))

    @classmethod
    def read(cls, path: Path) -> "Truth":
        """Read what `write` wrote."""
        return cls.model_validate_json(path.read_text())


def truth_of(traffic: Traffic, traces: Sequence[SimulatedTrace]) -> Truth:
    """What is true of *traces*."""
    by_day: dict[dt.date, list[SimulatedTrace]] = defaultdict(list)
    for trace in traces:
        by_day[day_of(trace.spans[0])].append(trace)
    return Truth(
        project=traffic.project,
        seed=traffic.seed,
        settings={key: value for key, value in dataclasses.asdict(traffic).items() if key != "failing_states"},
        days={day: day_truth(by_day[day]) for day in sorted(by_day)},
        incident=incident_truth(traffic, traces),
        answers=[answer for trace in traces for answer in answers_of(trace)],
    )


def day_of(span: SimulatedSpan) -> dt.date:
    """UTC day of the span's start."""
    return dt.datetime.fromtimestamp(span.start_ns // NS_PER_S, dt.UTC).date()


def day_truth(traces: Sequence[SimulatedTrace]) -> DayTruth:
    """What is true of the traces of one day."""
    spans = [span for trace in traces for span in trace.spans]
    failed = [span for span in spans if span.status == "ERROR"]
    used = [span.usage for span in spans if span.usage]
    costs: dict[str, float] = defaultdict(float)
    for usage in used:
        if usage.model and usage.cost_usd is not None:
            costs[usage.model] += usage.cost_usd
    return DayTruth(
        spans=len(spans),
        traces=len(traces),
        sessions=len({span.attributes["session.id"] for span in spans if "session.id" in span.attributes}),
        spans_by_service=counted(span.service for span in spans),
        error_spans=len(failed),
        errors_by_kind=counted(span.kind for span in failed),
        errors_by_type=counted(span.failure.type for span in failed if span.failure),
        llm_spans=len(used),
        prompt_tokens=sum(usage.prompt for usage in used),
        completion_tokens=sum(usage.completion for usage in used),
        cache_read_tokens=sum(usage.cache_read for usage in used),
        cache_write_tokens=sum(usage.cache_write for usage in used),
        cost_usd=sum(costs.values()),
        cost_usd_by_model=dict(costs),
        spans_without_model=sum(usage.model is None for usage in used),
        failed_traces={t.spans[0].trace_id: t.facts.failed_at for t in traces if t.facts.failed_at},
        failed_spans={t.spans[0].trace_id: t.facts.failed_span for t in traces if t.facts.failed_span},
        hallucinated_sql={key: sort for t in traces for key, sort in t.facts.hallucinated.items()},
        misled_insights=[key for t in traces for key in t.facts.misled],
        refusals={t.spans[0].trace_id: t.facts.refused_by for t in traces if t.facts.refused_by},
        invalid_tool_calls={key: sort for t in traces for key, sort in t.facts.invalid_tool_calls.items()},
        invalid_json=[key for t in traces for key in t.facts.invalid_json],
        slow_spans=[key for t in traces for key in t.facts.slow],
        feedback={t.spans[0].span_id: said for t in traces if (said := opinion_of(t))},
        dialects={key: dialect for t in traces for key, dialect in t.facts.dialects.items()},
    )


def incident_truth(traffic: Traffic, traces: Iterable[SimulatedTrace]) -> IncidentTruth | None:
    """The incident with the calls it hit."""
    if traffic.incident is None or traffic.incident_day is None:
        return None
    start = dt.datetime.combine(traffic.incident_day, dt.time(traffic.incident.start_hour), tzinfo=dt.UTC)
    facts = [trace.facts for trace in traces]
    return IncidentTruth(
        start=start,
        end=start + dt.timedelta(hours=traffic.incident.hours),
        calls=[key for fact in facts for key in fact.incident_calls],
        errors=[key for fact in facts for key in fact.incident_errors],
    )


def answers_of(trace: SimulatedTrace) -> list[Answer]:
    """The answers of *trace* that a judge may be asked about."""
    facts = trace.facts
    return [
        Answer(
            span_id=key,
            input=asked,
            output=answered,
            hallucinated=key in facts.hallucinated or key in facts.misled,
            refused=key == facts.refused_by,
        )
        for key, (asked, answered) in facts.answers.items()
    ]


def counted(names: Iterable[str]) -> dict[str, int]:
    """How often each name occurs, sorted by name."""
    return dict(sorted(Counter(names).items()))
