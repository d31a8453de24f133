"""A Phoenix of a benchmark's own, and a project in it with as much history as wanted.

Phoenix takes in about 150 spans a second, so the history is not sent to it: one hour of seed spans is, and PostgreSQL
copies that hour into earlier ones with new ids. What a fetch then meets in the database is the same.
"""

import datetime as dt
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from deployments.local.postgres import Postgres, embedded
from deployments.local.stack import down, open_stack, up
from tasks.shared.records import Window
from tests.traffic import TestSpan, ingest, new_trace_id

HOUR = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
WINDOW = Window(HOUR, HOUR + dt.timedelta(hours=1))
TEXT = "The order shipped on Tuesday and the customer asked twice about the refund. " * 8
KINDS = ("AGENT", "CHAIN", "RETRIEVER", "LLM", "TOOL", "LLM", "TOOL", "LLM", "TOOL")

COPY_TRACES = """
insert into traces (project_rowid, trace_id, start_time, end_time)
select t.project_rowid, md5(t.trace_id || k), t.start_time + {shift}, t.end_time + {shift}
from traces t join projects p on p.id = t.project_rowid cross join generate_series({first}, {last}) k
where p.name = '{project}' and t.start_time >= '{start}' and t.start_time < '{end}'
"""
COPY_SPANS = """
insert into spans (trace_rowid, span_id, parent_id, name, span_kind, start_time, end_time, attributes, events,
    status_code, status_message, cumulative_error_count, cumulative_llm_token_count_prompt,
    cumulative_llm_token_count_completion, llm_token_count_prompt, llm_token_count_completion)
select copy.id, left(md5(s.span_id || k), 16), left(md5(s.parent_id || k), 16), s.name, s.span_kind,
    s.start_time + {shift}, s.end_time + {shift}, s.attributes, s.events, s.status_code, s.status_message,
    s.cumulative_error_count, s.cumulative_llm_token_count_prompt, s.cumulative_llm_token_count_completion,
    s.llm_token_count_prompt, s.llm_token_count_completion
from spans s join traces t on t.id = s.trace_rowid join projects p on p.id = t.project_rowid
cross join generate_series({first}, {last}) k join traces copy on copy.trace_id = md5(t.trace_id || k)
where p.name = '{project}' and t.start_time >= '{start}' and t.start_time < '{end}'
"""


@dataclass(frozen=True)
class Server:
    """A running Phoenix: its address, its process, and its database."""

    url: str
    pid: int
    database: Postgres
    postgres_pid: int

    def cpu_seconds(self) -> tuple[float, float]:
        """CPU time used so far by Phoenix and by PostgreSQL."""
        return _family_cpu(self.pid), _family_cpu(self.postgres_pid)

    def stored(self, project: str) -> int:
        """How many spans *project* has, asked of the database so that Phoenix is left alone."""
        return int(
            self.database.ask(
                "select count(*) from spans s join traces t on t.id = s.trace_rowid "
                f"join projects p on p.id = t.project_rowid where p.name = '{project}'"
            )
        )


@contextmanager
def running_phoenix() -> Iterator[Server]:
    """PostgreSQL and Phoenix in a temporary folder, on free ports; stopped and deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="nightjar-benchmark-", ignore_cleanup_errors=True) as name:
        stack = open_stack(Path(name))
        try:
            up(stack, ["phoenix"])
            postgres = embedded(Path(name) / "pg")
            started = stack.state.started
            yield Server(
                stack.phoenix_url,
                started["phoenix"].pid,
                Postgres(postgres.database("phoenix"), postgres.pid),
                started["postgresql"].pid,
            )
        finally:
            down(stack.state)


def spans_of_one_hour(count: int, start: dt.datetime = HOUR) -> list[TestSpan]:
    """*count* spans of about 3 kB in traces of nine, spread over the hour; one in twenty failed."""
    step = dt.timedelta(hours=1) / count
    spans: list[TestSpan] = []
    trace_id, root = new_trace_id(), None
    for number in range(count):
        place = number % len(KINDS)
        if place == 0:
            trace_id, root = new_trace_id(), None
        span = TestSpan(
            start=start + number * step,
            name=f"step {place}",
            trace_id=trace_id,
            parent_id=root,
            latency_ms=20.0 + number % 300,
            status="ERROR" if number % 20 == 7 else "OK",
            attributes=_attributes(KINDS[place], number),
        )
        root = root or span.span_id
        spans.append(span)
    return spans


def _attributes(kind: str, number: int) -> dict[str, object]:
    plain: dict[str, object] = {
        "openinference.span.kind": kind,
        "input.value": f"{number} {TEXT}",
        "output.value": f"{TEXT} {number}",
        "session.id": f"session {number % 50}",
        "metadata": f'{{"tenant": "t{number % 7}", "ratio": {1 / (number + 1)}}}',
    }
    if kind == "LLM":
        plain |= {"llm.model_name": "gpt-4o", "llm.token_count.prompt": 900, "llm.token_count.completion": 80}
        for index, role in enumerate(("system", "user", "assistant")):
            plain[f"llm.input_messages.{index}.message.role"] = role
            plain[f"llm.input_messages.{index}.message.content"] = f"{index} {TEXT}"
    if kind == "RETRIEVER":
        for index in range(4):
            plain[f"retrieval.documents.{index}.document.content"] = TEXT
            plain[f"retrieval.documents.{index}.document.score"] = 1 / (index + number + 2)
    return plain


def fill_window(server: Server, project: str, count: int, seed: int = 450) -> int:
    """Bring about *count* spans into WINDOW of *project*, the first *seed* by ingest; returns how many there are."""
    ingest(server.url, project, spans_of_one_hour(min(seed, count)), timeout_seconds=300)
    copies = count // seed - 1
    if copies > 0:
        _copy(server, project, 1, copies, "interval '0 hours'")
    return server.stored(project)


def add_history(server: Server, project: str, hours: range) -> int:
    """Copy WINDOW into the *hours* before it (1 is the hour just before); returns how many spans there are then."""
    for hour in hours:
        _copy(server, project, 1_000_000 + hour, 1_000_000 + hour, f"interval '{-hour} hours'")
    server.database.ask("analyze traces")
    server.database.ask("analyze spans")
    return server.stored(project)


def _copy(server: Server, project: str, first: int, last: int, shift: str) -> None:
    words = {
        "project": project,
        "first": first,
        "last": last,
        "shift": shift,
        "start": WINDOW.start.isoformat(),
        "end": WINDOW.end.isoformat(),
    }
    # One statement sees the rows as they were before it, so traces and spans are two, and the traces copied first
    # have no spans yet: they add nothing to the second.
    server.database.ask(COPY_TRACES.format(**words))
    server.database.ask(COPY_SPANS.format(**words))


def _family_cpu(pid: int) -> float:
    process = psutil.Process(pid)
    total = 0.0
    for member in (process, *process.children(recursive=True)):
        try:
            times = member.cpu_times()
        except psutil.NoSuchProcess:  # it ended meanwhile; its parent has its time
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total
