"""Trials for tests: a prompt, questions, variants, without anything outside."""

import datetime as dt
from dataclasses import replace

from tasks.experiments.examples import Asked, Question, in_asking_order
from tasks.experiments.targets import read_target
from tasks.experiments.trial import Experiment, Trial, experiment_id
from tasks.experiments.variants import Variant, application_variant, prompt_variant
from tasks.shared.gateways.phoenix import HubPrompt
from tasks.shared.settings import GateSettings
from tests.experiments.answers import CAPITALS

NOW = dt.datetime(2026, 11, 20, 12, 30, 7, 123456, tzinfo=dt.UTC)
PROMPT = HubPrompt(
    name="capitals",
    messages=({"role": "system", "content": "{{task}}"}, {"role": "user", "content": "{{question}}"}),
    sections={"task": "Name the capital."},
    model="simulated/gpt-4o-mini",
    version_id="UHJvbXB0VmVyc2lvbjox",
    fetched_at=NOW,
)
QUESTIONS = tuple(
    in_asking_order(
        [
            Question(
                example_id=f"capital-of-{country}",
                node_id=f"node-{country}",
                input={"input": f"What is the capital of {country}?"},
                expected={"output": capital},
                cluster=f"c{n // 2}",
                stratum="golden",
                span_name="answer",
                span_kind="AGENT",
            )
            for n, (country, capital) in enumerate(CAPITALS.items())
        ]
    )
)
ASKED = Asked("capitals", "RGF0YXNldDox", "capitals-2026-11-20", "RGF0YXNldFZlcnNpb246MQ==", "d" * 16, QUESTIONS)


def variant(text: str) -> Variant:
    """What *text* says; prompts are PROMPT."""
    target = read_target(text)
    if target.kind == "prompt":
        return prompt_variant(target, PROMPT, "", 100)
    return application_variant(target, "commit")


def trial(baseline: str, candidate: str, **gate: object) -> Trial:
    """A comparison of two targets over QUESTIONS, opened."""
    settings = GateSettings(**{"early_stop": False, **gate})  # type: ignore[arg-type]
    sides = [variant(text) for text in (baseline, candidate)]
    ids = [experiment_id(ASKED, side, settings.repetitions) for side in sides]
    first, second = (
        Experiment(ids[0], "baseline", sides[0], "RXhwOjE=", "Experiment-1"),
        Experiment(ids[1], "candidate", sides[1], "RXhwOjI=", "Experiment-2"),
    )
    return Trial("capitals", "p", settings, replace(ASKED), first, second)
