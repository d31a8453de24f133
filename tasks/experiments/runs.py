"""Answers as rows of `experiment_runs`, which are the truth, and what follows: the spans, and the runs in Phoenix."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from tasks.experiments.answering import Answer, Ask
from tasks.experiments.examples import Question
from tasks.experiments.trial import Experiment
from tasks.shared.gateways.phoenix import Attribute, Run, SentSpan
from tasks.shared.gateways.phoenix.attributes import unflatten
from tasks.shared.records import HOUR, SPAN_KINDS, Window
from tasks.shared.store.tables import SPANS

Row = dict[str, Any]
MILLISECOND = dt.timedelta(milliseconds=1)
NOWHERE = Window(dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.datetime(1970, 1, 1, 1, tzinfo=dt.UTC))


def run_row(ask: Ask, answer: Answer) -> Row:
    """The row of `experiment_runs`."""
    trace_id, span_id = ids(ask.key, answer.started_at)
    prompt = ask.experiment.variant.prompt
    return {
        "experiment": ask.experiment.id,
        "example_id": ask.question.example_id,
        "repetition": ask.repetition,
        "start_time": answer.started_at,
        "trace_id": trace_id,
        "span_id": span_id,
        "cluster": ask.question.cluster,
        "stratum": ask.question.stratum,
        "status": answer.status,
        "output": answer.output,
        "error": answer.error,
        "latency_ms": answer.latency_ms,
        "model": answer.model,
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "cost_usd": answer.cost_usd,
        "prompt_version": None if prompt is None else prompt.version_id,
    }


def ids(key: str, started_at: dt.datetime) -> tuple[str, str]:
    """Trace id and span id of an answer: another try at the same question has others, as it is another trace."""
    digits = hashlib.sha256(f"{key}:{started_at.isoformat()}".encode()).hexdigest()
    return digits[:32], digits[32:48]


def window_of(times: Iterable[dt.datetime]) -> Window:
    """The whole hours around *times*; an hour long ago where there are none."""
    found = sorted(times)
    if not found:
        return NOWHERE
    first, last = (moment.replace(minute=0, second=0, microsecond=0) for moment in (found[0], found[-1]))
    return Window(first, last + HOUR)


def attributes(experiment: Experiment, question: Question, row: Mapping[str, Any]) -> dict[str, Attribute]:
    """The attributes of an answer's span, by OpenInference."""
    variant = experiment.variant
    told: dict[str, Attribute | None] = {
        "openinference.span.kind": kind_of(experiment, question),
        "input.value": question.text,
        "input.mime_type": "text/plain",
        "output.value": row["output"],
        "output.mime_type": None if row["output"] is None else "text/plain",
        "metadata": _json(metadata(question, row)),
        "llm.prompt_template.variables": _json(dict(question.input)),
    }
    if variant.prompt is not None:
        told["llm.prompt_template.version"] = row["prompt_version"]
        for side, messages in zip(("input", "output"), _messages(experiment, question, row), strict=True):
            for place, message in enumerate(messages):
                told[f"llm.{side}_messages.{place}.message.role"] = message["role"]
                told[f"llm.{side}_messages.{place}.message.content"] = message["content"]
    told["llm.provider"], told["llm.model_name"] = _provider_and_model(row["model"])
    told["llm.token_count.prompt"] = row["prompt_tokens"]
    told["llm.token_count.completion"] = row["completion_tokens"]
    told["llm.token_count.total"] = _total(row)
    return {name: value for name, value in told.items() if value is not None}


def metadata(question: Question, row: Mapping[str, Any]) -> Row:
    """What the span says of the experiment, and of the right answer; that is empty where nobody knows it."""
    found = {name: row[name] for name in ("experiment", "example_id", "repetition", "stratum")}
    return {**found, "expected": dict(question.expected)}


def sent_span(experiment: Experiment, question: Question, row: Mapping[str, Any]) -> SentSpan:
    """The answer's span, for Phoenix."""
    return SentSpan(
        trace_id=row["trace_id"],
        span_id=row["span_id"],
        name=question.span_name,
        start_time=row["start_time"],
        end_time=_end(row),
        attributes=attributes(experiment, question, row),
        error=row["error"],
    )


def phoenix_run(question: Question, row: Mapping[str, Any]) -> Run:
    """The answer as a run of Phoenix's experiment."""
    return Run(
        node_id=question.node_id,
        repetition=row["repetition"],
        trace_id=row["trace_id"],
        start_time=row["start_time"],
        end_time=_end(row),
        output=None if row["output"] is None else {"output": row["output"]},
        error=row["error"],
    )


def span_row(experiment: Experiment, question: Question, row: Mapping[str, Any]) -> Row:
    """The answer's span, for the lake: what fetching it from Phoenix would make of it."""
    provider, model = _provider_and_model(row["model"])
    asked, answered = _messages(experiment, question, row)
    found: Row = {
        **dict.fromkeys(SPANS.schema.names),
        "span_id": row["span_id"],
        "trace_id": row["trace_id"],
        "kind": kind_of(experiment, question),
        "name": question.span_name,
        "status_code": "OK",
        "start_time": row["start_time"],
        "end_time": _end(row),
        "latency_ms": row["latency_ms"],
        "service_name": "nightjar",
        "model": model,
        "provider": provider,
        "prompt_tokens": row["prompt_tokens"],
        "completion_tokens": row["completion_tokens"],
        "total_tokens": _total(row),
        "cost_usd": row["cost_usd"],
        "input": question.text,
        "input_mime_type": "text/plain",
        "output": row["output"],
        "output_mime_type": "text/plain",
        "input_messages": _json(asked) if asked else None,
        "output_messages": _json(answered) if answered else None,
        "prompt_version": row["prompt_version"],
        "prompt_variables": _json(dict(question.input)),
        "metadata": _json(metadata(question, row)),
        "dialect": "openinference",
        "attributes": _json(unflatten(attributes(experiment, question, row))),
    }
    return {**found, "digest": hashlib.blake2b(_json(found).encode(), digest_size=8).hexdigest()}


def kind_of(experiment: Experiment, question: Question) -> str:
    """LLM for a prompt's answer, else what the example's own span was."""
    if experiment.variant.prompt is not None:
        return "LLM"
    return question.span_kind if question.span_kind in SPAN_KINDS else "CHAIN"


def _messages(
    experiment: Experiment, question: Question, row: Mapping[str, Any]
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """What the model was asked, and what it said; nothing for what is no prompt."""
    prompt = experiment.variant.prompt
    if prompt is None or row["model"] is None:
        return [], []
    answer = [] if row["output"] is None else [{"role": "assistant", "content": row["output"]}]
    return prompt.render(question.values), answer


def _provider_and_model(name: str | None) -> tuple[str | None, str | None]:
    """Of `provider/model`, or of a model alone."""
    before, slash, after = (name or "").partition("/")
    return (before, after) if slash else (None, name)


def _total(row: Mapping[str, Any]) -> int | None:
    counts = [row[name] for name in ("prompt_tokens", "completion_tokens") if row[name] is not None]
    return sum(counts) if counts else None


def _end(row: Mapping[str, Any]) -> dt.datetime:
    end: dt.datetime = row["start_time"] + (row["latency_ms"] or 0.0) * MILLISECOND
    return end


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
