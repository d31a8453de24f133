"""A prompt in production that fails here and there, a gate with a dataset, and a simulated prompt engineer."""

import asyncio
import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from tasks.prompts.prompt_file import read_prompt
from tasks.shared.gateways.phoenix import Example, Phoenix
from tasks.shared.records import Window
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tests.prompts.conftest import put, sessions_in

DAY = Window.of_day(dt.date(2026, 11, 19))
PROMPT = Path(__file__).parents[2] / "deployments" / "simulator" / "prompts" / "sql-writer.yaml"
QUESTIONS = tuple(f"Which {n} devices raised the most critical alerts in the last 7 days?" for n in range(5, 29))
# The simulated model follows it, and is wrong as often as not.
WRONG_EXAMPLE = "Question: Which 10 devices raised the most warning alerts in the last 30 days?\nSQL:\nSELECT 1"


@dataclass(frozen=True)
class World:
    """Names of this test's own: the prompt, the dataset; and the version in production."""

    prompt: str
    dataset: str
    production: str


def settings_of(name: str, provider: str, candidates: int = 4) -> str:
    """nightjar.toml of the world called *name*, whose models are at *provider*."""
    return f"""
[judges]
model = "simulated/gpt-4o-mini"
enabled = []
[judges.providers.simulated]
kind = "openai"
base_url = "{provider}/v1"
api_key = "simulated"
[evaluators]
enabled = []
[gates.better]
dataset = "{name}-golden"
looks = 1
[gates.better.metrics.sql_matches_expected]
margin = 0
floor = "none"
[prompts]
candidates = {candidates}
[prompts.optimise.{name}]
gate = "better"
spans = ["generate"]
"""


async def make_world(name: str) -> World:
    """Push the prompt, make the dataset (dev and test), and put the failing calls of a day into the lake."""
    settings = load_settings()
    text = read_prompt(PROMPT)
    async with Phoenix(settings.phoenix) as phoenix:
        named = replace(text, name=name, sections={**text.sections, "examples": WRONG_EXAMPLE})
        production = (await phoenix.prompts.push(named, "openai")).prompt.version_id
        await phoenix.prompts.tag(production, "production")
        examples = [example(number, question) for number, question in enumerate(QUESTIONS)]
        await phoenix.add_examples(f"{name}-golden", examples)
    await asyncio.to_thread(fill_lake, Lake.open(settings.lake), settings.project)
    return World(name, f"{name}-golden", production)


def example(number: int, question: str) -> Example:
    """Every fourth example is for choosing."""
    split = "test" if number % 4 else "dev"
    metadata = {"split": split, "cluster": f"{number:016x}", "stratum": "golden", "span_kind": "LLM"}
    return Example(f"{number:016x}", {"input": question, "question": question}, {"output": right(question)}, metadata)


def right(question: str) -> str:
    """The right SQL for one of the questions."""
    return (
        "SELECT d.serial_number, count(*) AS alerts\nFROM alerts a\nJOIN devices d ON d.device_id = a.device_id\n"
        "WHERE a.severity = 'critical' AND a.raised_at >= now() - interval '7 days'\n"
        f"GROUP BY d.serial_number\nORDER BY alerts DESC\nLIMIT {question.split()[1]}"
    )


def fill_lake(lake: Lake, project: str) -> None:
    """Calls that failed, in sessions that may be learned from and in others."""
    spans, decisions = [], []
    for split in ("train", "test"):
        for number, session in enumerate(sessions_in(split, 3)):
            asked = f"Which {number + 3} devices raised the most warning alerts in the last 14 days?"
            span_id = f"{split}-{number}"
            spans.append({"span_id": span_id, "trace_id": f"t-{span_id}", "session_id": session, "input": asked})
            decisions.append({"unit_id": span_id, "evaluator": "sql_matches_expected", "score": 0.0, "label": "wrong"})
    put(lake, "spans", *spans, project=project)
    put(lake, "decisions", *decisions, project=project)


def verdict(version: str, **metric: Any) -> dict[str, Any]:
    """A verdict as the gate writes it, as far as a round reads it."""
    said = {"metric": "sql_matches_expected", "difference": {"value": 0.2, "low": 0.1, "high": 0.3}, "p_value": 0.001}
    return {
        "verdict_id": version,
        "gate": "better",
        "verdict": "pass",
        "reason": "All demands are kept.",
        "ratios": {"cost": None, "latency": None},
        "baseline": {"answers": {"answered": 20}},
        "candidate": {"answers": {"answered": 20, "errored": 0}},
        "doubts": [],
        "coverage_floor": 0.95,
        "metrics": [{**said, "n": 20, "coverage": 1.0, **metric}],
    }


def put_verdict(lake: Lake, project: str, document: dict[str, Any]) -> None:
    """Keep the verdict in the lake."""
    row = {
        "verdict_id": document["verdict_id"],
        "gate": "better",
        "verdict": document["verdict"],
        "baseline": "b",
        "candidate": "c",
        "dataset": "d",
        "dataset_version": "v",
        "document": orjson.dumps(document).decode(),
    }
    put(lake, "verdicts", row, project=project)
