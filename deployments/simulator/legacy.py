"""A small simulated `legacy-gateway` whose spans come in the other dialects that real traffic has."""

import datetime as dt
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deployments.simulator import openinference as oi
from deployments.simulator.prices import GPT_4O, Usage
from deployments.simulator.questions import QUESTIONS, values_for
from deployments.simulator.rhythm import llm_ms, start_ns, tokens_of
from deployments.simulator.spans import NS_PER_MS, Facts, Recorder, SimulatedSpan, SimulatedTrace, trace_id_of
from deployments.simulator.traffic import Traffic

SERVICE = "legacy-gateway"
ATTRIBUTE_CAP = 128  # the OpenTelemetry SDK's default; the attributes set first are the ones lost
LONG_CONVERSATION = 70
DIALECTS = ("traceloop", "otel_genai", "cut")


def traces(traffic: Traffic, day: dt.date, rng: random.Random) -> Iterator[SimulatedTrace]:
    """Traces of *day*, one dialect after the other, without end; the caller takes what it needs."""
    number = 0
    while True:
        dialect = DIALECTS[number % len(DIALECTS)]
        trace_id = trace_id_of(traffic.project, traffic.seed, day, "legacy", number)
        yield Call(dialect, trace_id, start_ns(rng, day), rng, number).trace()
        number += 1


@dataclass(frozen=True)
class Call:
    """One simulated call through the gateway."""

    dialect: str
    trace_id: str
    begins: int
    rng: random.Random
    number: int

    def trace(self) -> SimulatedTrace:
        """The call in its dialect; the traceloop one has a child that repeats its parent's messages."""
        question, values = self.rng.choice(QUESTIONS), values_for(self.rng)
        asked, answer = question.text.format(**values), question.written("good", values)
        model = None if self.dialect == "cut" else GPT_4O
        usage = Usage(model=model, prompt=300 + tokens_of(asked), completion=tokens_of(answer))
        if self.dialect == "cut":
            spans = [self.span(0, "ChatCompletion", "UNKNOWN", cut(asked, answer, usage), usage)]
        elif self.dialect == "otel_genai":
            spans = [self.span(0, f"chat {GPT_4O}", "LLM", otel_genai(asked, answer, usage), usage)]
        else:
            said = prompts(asked, answer, as_repr=self.number % 2 == 1)
            spans = [
                self.span(0, "litellm_request", "LLM", {**said, **traceloop(usage)}, usage),
                self.span(1, "raw_gen_ai_request", "UNKNOWN", {"service.name": SERVICE, **said}, None),
            ]
        return SimulatedTrace(tuple(spans), Facts(dialects={span.span_id: self.dialect for span in spans}))

    def span(self, index: int, name: str, kind: str, attributes: dict[str, Any], usage: Usage | None) -> SimulatedSpan:
        """One span of the call; the gateway never sets a status."""
        ids = Recorder(self.trace_id, self.begins, SERVICE, {})
        begins = self.begins + index * NS_PER_MS
        duration_ms = llm_ms(self.rng, usage) + 100 if usage else 90.0
        return SimulatedSpan(
            trace_id=self.trace_id,
            span_id=ids.span_id(index),
            parent_id=ids.span_id(0) if index else None,
            name=name,
            kind=kind,
            start_ns=begins,
            end_ns=begins + int(duration_ms * NS_PER_MS),
            service=SERVICE,
            attributes=attributes,
            status="UNSET",
            usage=usage,
        )


def prompts(asked: str, answer: str, *, as_repr: bool) -> dict[str, str]:
    """Messages as LiteLLM and traceloop write them; the content is JSON or a Python repr of content parts."""
    parts = [{"type": "text", "text": asked}]
    return {
        "gen_ai.prompt.0.role": "system",
        "gen_ai.prompt.0.content": "You write PostgreSQL.",
        "gen_ai.prompt.1.role": "user",
        "gen_ai.prompt.1.content": repr(parts) if as_repr else json.dumps(parts),
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.content": answer,
        "gen_ai.completion.0.finish_reason": "stop",
    }


def traceloop(usage: Usage) -> dict[str, Any]:
    """What else LiteLLM and traceloop write."""
    return {
        "service.name": SERVICE,
        "gen_ai.system": "openai",
        "gen_ai.request.model": usage.model,
        "gen_ai.response.model": usage.model,
        "llm.request.type": "chat",
        "gen_ai.usage.prompt_tokens": usage.prompt,
        "gen_ai.usage.completion_tokens": usage.completion,
        "llm.usage.total_tokens": usage.prompt + usage.completion,
    }


def otel_genai(asked: str, answer: str, usage: Usage) -> dict[str, Any]:
    """The OpenTelemetry GenAI conventions: messages as JSON with parts."""
    said = [
        {"role": "system", "parts": [{"type": "text", "content": "You write PostgreSQL."}]},
        {"role": "user", "parts": [{"type": "text", "content": asked}]},
    ]
    reply = {"role": "assistant", "parts": [{"type": "text", "content": answer}], "finish_reason": "stop"}
    return {
        "service.name": SERVICE,
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": usage.model,
        "gen_ai.response.model": usage.model,
        "gen_ai.input.messages": json.dumps(said),
        "gen_ai.output.messages": json.dumps([reply]),
        "gen_ai.usage.input_tokens": usage.prompt,
        "gen_ai.usage.output_tokens": usage.completion,
    }


def cut(asked: str, answer: str, usage: Usage) -> dict[str, Any]:
    """A long OpenInference conversation of which the SDK kept the last 128 attributes: kind and model are lost."""
    said = [
        {"role": ("user", "assistant")[i % 2], "content": f"Turn {i + 1} of a long conversation."}
        for i in range(LONG_CONVERSATION)
    ]
    reply = {"role": "assistant", "content": answer}
    call = oi.llm_call(usage, [*said, {"role": "user", "content": asked}], reply, output=answer)
    whole = {"openinference.span.kind": "LLM", "service.name": SERVICE, **call}
    return dict(list(whole.items())[-ATTRIBUTE_CAP:])
