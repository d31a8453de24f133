"""Traces of the judges' own calls, in a Phoenix project of their own: never beside the traces they judge."""

from collections.abc import Mapping
from typing import Any

import orjson

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.llm.prompts import Messages
from tasks.shared.gateways.llm.replies import Reply
from tasks.shared.settings import PhoenixSettings

FLUSH_SECONDS = 20


class JudgeTraces:
    """Sends one LLM span (OpenInference) for each attempt to Phoenix, in the background; `close` sends the rest."""

    def __init__(self, phoenix: PhoenixSettings, project: str, judged_project: str) -> None:
        """Traces go to *project*. Raises ConfigurationError when that is *judged_project*."""
        if project == judged_project:
            raise ConfigurationError(
                f"judges.trace_project is {project!r}, the project that is judged: the judges' calls would be judged "
                "themselves. Name another project, or leave it empty."
            )
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        from tasks.shared.gateways.phoenix.traces import OPENINFERENCE_PROJECT, exporter

        self._provider = TracerProvider(resource=Resource({OPENINFERENCE_PROJECT: project, "service.name": "nightjar"}))
        self._provider.add_span_processor(BatchSpanProcessor(exporter(phoenix)))
        self._tracer = self._provider.get_tracer("nightjar.judges")

    def record(self, name: str, model: str, messages: Messages, reply: Reply, seconds: tuple[int, int]) -> None:
        """One attempt of the judge *name*: *seconds* are its start and end in nanoseconds since 1970."""
        from opentelemetry.trace import Status, StatusCode

        started, ended = seconds
        span = self._tracer.start_span(name, start_time=started, attributes=_attributes(model, messages, reply))
        if reply.kind != "answered":
            span.set_status(Status(StatusCode.ERROR, f"{reply.kind}: {reply.trouble}"))
        else:
            span.set_status(Status(StatusCode.OK))
        span.end(end_time=ended)

    def close(self) -> None:
        """Send what waits."""
        self._provider.force_flush(FLUSH_SECONDS * 1000)
        self._provider.shutdown()


def _attributes(model: str, messages: Messages, reply: Reply) -> Mapping[str, Any]:
    found: dict[str, Any] = {
        "openinference.span.kind": "LLM",
        "llm.provider": model.partition("/")[0],
        "llm.model_name": model.partition("/")[2],
        "input.value": orjson.dumps(messages).decode(),
        "input.mime_type": "application/json",
    }
    for number, message in enumerate(messages):
        found[f"llm.input_messages.{number}.message.role"] = message["role"]
        found[f"llm.input_messages.{number}.message.content"] = message["content"]
    if reply.answer is not None:
        found |= {"output.value": orjson.dumps(dict(reply.answer)).decode(), "output.mime_type": "application/json"}
    if reply.text is not None:
        found["output.value"] = reply.text
    if reply.usage is not None:
        prompt, completion = reply.usage.prompt_tokens, reply.usage.completion_tokens
        found |= {"llm.token_count.prompt": prompt, "llm.token_count.completion": completion}
        found["llm.token_count.total"] = prompt + completion
    return found
