"""Simulated service 2: a chat that answers questions about device telemetry by writing SQL.

CHAIN `chat_query` > LLM `bedrock.generate_sql` > TOOL `validate_sql` > TOOL `execute_sql`
> LLM `bedrock.generate_insights`.
"""

import datetime as dt
import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deployments.simulator import openinference as oi
from deployments.simulator.known_questions import refusal
from deployments.simulator.prices import GPT_4O, GPT_4O_MINI, HAIKU, SONNET, Usage
from deployments.simulator.prompt_file import prompt_file
from deployments.simulator.questions import QUESTIONS, REFUSED, Question, Sort, values_for
from deployments.simulator.rhythm import NS_PER_S, around, llm_ms, start_ns, tokens_of
from deployments.simulator.spans import Recorder, SimulatedFailure, SimulatedTrace, trace_id_of
from deployments.simulator.traffic import Incident, Traffic

SERVICE = "telemetry-chat"
TREATMENT = "treatment"
EXPLAIN = "Explain the result of a query to a fleet manager. Answer in JSON."
QUESTION_AND_SQL, INSIGHTS_VERSION = "Question: {{question}}\nSQL:\n{{sql}}", "insights-v1"
TREATMENT_RULE = "Check that every name you use stands in the schema."
MODELS = {"free": (GPT_4O_MINI, GPT_4O_MINI), "pro": (GPT_4O, GPT_4O_MINI), "enterprise": (SONNET, HAIKU)}
OUTAGE = SimulatedFailure(
    "psycopg.OperationalError",
    'connection to server at "telemetry-db" failed: FATAL: sorry, too many clients already',
)
TIMEOUT = SimulatedFailure("psycopg.errors.QueryCanceled", "canceling statement due to statement timeout")


@dataclass(frozen=True)
class Person:
    """A simulated user."""

    user_id: str
    plan: str
    cohort: str
    variant: str

    @property
    def prompt_version(self) -> str:
        """The treatment is a newer prompt, in production for half of the people."""
        return "v4" if self.variant == TREATMENT else "v3"

    def prompt_variables(self, asked: str) -> dict[str, str]:
        """What is filled into the prompt for a question: the file's sections; the treatment's task has a rule more."""
        sections = dict(prompt_file().sections)
        if self.variant == TREATMENT:
            sections["task"] += f"\n{TREATMENT_RULE}"
        return {**sections, "question": asked}

    def context(self, session_id: str) -> dict[str, str]:
        """What every span of a session says about the user."""
        metadata = {"plan": self.plan, "cohort": self.cohort, "variant": self.variant}
        return {"session.id": session_id, "user.id": self.user_id, "metadata": json.dumps(metadata)}


def person(traffic: Traffic, number: int) -> Person:
    """User *number*; plan, cohort and variant never change."""
    digest = hashlib.sha256(f"{traffic.seed}/user/{number}".encode()).digest()
    return Person(
        user_id=f"user-{number:04d}",
        plan=("free", "free", "pro", "pro", "enterprise")[digest[0] % 5],
        cohort=f"2026-{7 + digest[1] % 4:02d}",
        variant=(TREATMENT, "control")[digest[2] % 2],
    )


def sessions(traffic: Traffic, day: dt.date, rng: random.Random) -> Iterator[SimulatedTrace]:
    """Traces of *day*, session after session, without end; the caller takes what it needs."""
    number = 0
    while True:
        someone = person(traffic, rng.randrange(traffic.users))
        session_id = "chat-" + trace_id_of(traffic.project, traffic.seed, day, "session", number)[:12]
        begins = start_ns(rng, day)
        history: list[oi.Message] = []
        for turn in range(min(6, 1 + int(rng.expovariate(0.7)))):
            trace_id = trace_id_of(traffic.project, traffic.seed, day, "chat", number, turn)
            recorder = Recorder(trace_id, begins, SERVICE, someone.context(session_id))
            trace = Chat(traffic, rng, someone, recorder).answer(history)
            yield trace
            begins = trace.spans[0].end_ns + int(rng.uniform(15, 150) * NS_PER_S)
        number += 1


class Chat:
    """One simulated question on its way through the chat."""

    def __init__(self, traffic: Traffic, rng: random.Random, someone: Person, recorder: Recorder) -> None:
        self.traffic, self.rng, self.person, self.recorder = traffic, rng, someone, recorder

    def answer(self, history: list[oi.Message]) -> SimulatedTrace:
        """Ask something new, given the *history* of the session, which grows by it."""
        values = values_for(self.rng)
        if self.rng.random() < self.traffic.refusal:
            text, reason = self.rng.choice(REFUSED)
            asked = text.format(**values)
            answered = refusal(reason)
            self.recorder.facts.refused_by = self.recorder.next_span_id
            self.generate_sql(asked, answered, history)
            return self.finish(asked, answered)
        question = self.rng.choice(QUESTIONS)
        asked = question.text.format(**values)
        sort = self.sort()
        sql = question.written(sort, values)
        if sort != "good":
            self.recorder.facts.hallucinated[self.recorder.next_span_id] = sort
        self.generate_sql(asked, sql, history)
        self.tool("validate_sql", 18, {"sql": sql}, {"valid": True, "statement": "SELECT"})
        failure = self.execute_sql(question, sql, sort)
        if failure:
            return self.finish(asked, "", failure)
        return self.finish(asked, self.generate_insights(question, asked, sql, misled=sort != "good"))

    def sort(self) -> Sort:
        """Whether the model hallucinates this time, and how; the treatment does so less often."""
        rate = self.traffic.hallucination
        if self.person.variant == TREATMENT:
            rate *= self.traffic.treatment_effect
        if self.rng.random() >= rate:
            return "good"
        return "unknown_column" if self.rng.random() < 0.5 else "wrong_logic"

    def generate_sql(self, asked: str, answered: str, history: list[oi.Message]) -> None:
        """The LLM step that writes the SQL, or refuses."""
        prompt, variables = prompt_file(), self.person.prompt_variables(asked)
        *before, last = prompt.rendered(variables)
        said = [*before, *history[-4:], last]
        usage = self.usage(MODELS[self.person.plan][0], said, answered, cached=bool(history))
        template = oi.prompt(prompt.template, self.person.prompt_version, variables)
        reply = {"role": "assistant", "content": answered}
        self.recorder.facts.answers[self.recorder.next_span_id] = (asked, answered)
        self.llm("bedrock.generate_sql", usage, oi.llm_call(usage, said, reply, output=answered) | template)
        history += [said[-1], reply]

    def execute_sql(self, question: Question, sql: str, sort: Sort) -> SimulatedFailure | None:
        """The database's answer; during the incident it is slow and often refuses."""
        rng, facts = self.rng, self.recorder.facts
        latency_ms, failure = around(rng, 240, 0.6), None
        span_id = self.recorder.next_span_id
        if sort == "unknown_column":
            wrong = question.unknown_column[1]
            failure = SimulatedFailure("psycopg.errors.UndefinedColumn", f'column does not exist near "{wrong}"')
        elif rng.random() < self.traffic.sql_error:
            failure, latency_ms = TIMEOUT, 30_000.0
        if incident := self.incident_now():
            facts.incident_calls.append(span_id)
            latency_ms *= incident.latency_factor
            if rng.random() < incident.error_rate:
                failure = OUTAGE
                facts.incident_errors.append(span_id)
        rows = [[round(rng.uniform(0, 100), 2) for _ in question.columns] for _ in range(3)]
        result = {"columns": question.columns, "row_count": rng.randint(3, 40), "rows": rows}
        self.tool("execute_sql", latency_ms, {"sql": sql}, result, failure)
        return failure

    def incident_now(self) -> Incident | None:
        """The incident, when the clock stands in it."""
        incident, day = self.traffic.incident, self.traffic.incident_day
        if incident is None:
            return None
        now = dt.datetime.fromtimestamp(self.recorder.clock_ns // NS_PER_S, dt.UTC)
        inside = now.date() == day and incident.start_hour <= now.hour < incident.start_hour + incident.hours
        return incident if inside else None

    def generate_insights(self, question: Question, asked: str, sql: str, *, misled: bool) -> str:
        """The LLM step that explains the rows, as JSON; now and then the JSON is cut off.

        An insight into the rows of wrong SQL is *misled* and says something else, so that its text has one truth.
        """
        facts, span_id = self.recorder.facts, self.recorder.next_span_id
        peaks = "drops to" if misled else "peaks at"
        answer = json.dumps(
            {
                "summary": f"{asked} The result has one row per {question.columns[0]}.",
                "highlights": [f"{question.columns[-1]} {peaks} {self.rng.uniform(50, 100):.1f}."],
                "chart": {"type": self.rng.choice(("bar", "line", "table")), "x": question.columns[0]},
            }
        )
        if self.rng.random() < self.traffic.invalid_json:
            answer = answer[: len(answer) // 2]
            facts.invalid_json.append(span_id)
        else:
            facts.answers[span_id] = (asked, answer)
            facts.misled += [span_id] if misled else []
        variables = {"question": asked, "sql": sql}
        said: list[oi.Message] = [
            {"role": "system", "content": EXPLAIN},
            {"role": "user", "content": f"Question: {asked}\nSQL:\n{sql}"},
        ]
        usage = self.usage(MODELS[self.person.plan][1], said, answer, cached=False)
        reply = {"role": "assistant", "content": answer}
        attributes = oi.llm_call(usage, said, reply, output=answer, output_mime=oi.JSON, temperature=0.2)
        template = oi.prompt(f"{EXPLAIN}\n{QUESTION_AND_SQL}", INSIGHTS_VERSION, variables)
        self.llm("bedrock.generate_insights", usage, attributes | template)
        return answer

    def llm(self, name: str, usage: Usage, attributes: dict[str, Any]) -> None:
        """Record an LLM step; a few are slow outliers."""
        latency_ms = llm_ms(self.rng, usage)
        if self.rng.random() < self.traffic.slow:
            latency_ms *= self.rng.uniform(8, 15)
            self.recorder.facts.slow.append(self.recorder.next_span_id)
        self.recorder.step(name, "LLM", latency_ms, attributes, usage=usage)

    def tool(
        self, name: str, median_ms: float, given: object, result: object, failure: SimulatedFailure | None = None
    ) -> None:
        """Record a TOOL step; a failed one has no output."""
        attributes: dict[str, Any] = {
            "tool.name": name,
            **oi.io(json.dumps(given), json.dumps(result), input_mime=oi.JSON, output_mime=oi.JSON),
        }
        if failure:
            del attributes["output.value"], attributes["output.mime_type"]
        self.recorder.step(name, "TOOL", around(self.rng, median_ms, 0.2), attributes, failure=failure)

    def usage(self, model: str, said: list[oi.Message], answered: str, *, cached: bool) -> Usage:
        """Tokens of a call; later turns of a session mostly read the prompt's head from the provider's cache."""
        prompt = tokens_of("".join(message["content"] for message in said)) + self.rng.randint(60, 140)
        head = prompt * 2 // 3
        reads = cached and self.rng.random() < self.traffic.cached
        writes = not cached and model in (SONNET, HAIKU) and len(said) < 3 and prompt > 300
        return Usage(
            model=model,
            prompt=prompt,
            completion=tokens_of(answered) + self.rng.randint(5, 30),
            cache_read=head if reads else 0,
            cache_write=head if writes else 0,
        )

    def finish(self, asked: str, answered: str, failure: SimulatedFailure | None = None) -> SimulatedTrace:
        """Close the trace; what the database refused fails the whole chain."""
        if failure:
            self.recorder.facts.failed_at = self.recorder.steps[-1].name
        attributes = oi.io(asked, answered, output_mime=oi.TEXT)
        if failure:
            del attributes["output.value"], attributes["output.mime_type"]
        return self.recorder.finish("chat_query", "CHAIN", attributes, failure)
