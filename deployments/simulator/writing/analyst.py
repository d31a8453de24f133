"""The simulated analyst: asked why runs fail, it counts what it is shown, and cites it; sometimes it makes a run up.

It answers in schemas with the lists `patterns` or `insights`, whose items have `trace_ids`. What it says of a group of
runs follows from the words of its explanation; a merged analysis has the claims of its parts, equal ones once.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from deployments.simulator.faults import chance
from deployments.simulator.interfaces.exchange import Asked

DATA = re.compile(r"<(failures|analyses|states)>\n(.*)\n</\1>", re.DOTALL)
SHOWN_GROUPS = 4
SHARE_MADE_UP = 0.15
MADE_UP = "0" * 32
SORTS = (
    ("argument|schema|json|pars", "what the step before hands over is not checked", "validate it before the call"),
    ("time|respond|answer within|connection|503|unavailable", "the service is slow or away", "try again with a limit"),
    ("context|token|length", "the prompt is too long", "cut the history to what the step needs"),
    ("understood|sure what", "the answer does not have the form that the next step reads", "ask for it in a schema"),
    ("no customer|not found", "what is looked up is not there", "ask the user in the place of failing"),
)
OTHER = ("the cause is not told", "record the error with its message")
Group = Mapping[str, Any]


def analysis_for(asked: Asked) -> str | None:
    """The analysis as JSON; None where the schema is not one of an analysis."""
    lists = (asked.schema or {}).get("properties", {})
    found = DATA.search(asked.prompt)
    if found is None or not {"patterns", "insights"} & set(lists):
        return None
    groups = [orjson.loads(line) for line in found[2].splitlines() if line.strip()]
    if "insights" in lists:
        answer = {"insights": insights(groups)}
    elif found[1] == "analyses":
        answer = {name: merged(groups, name) for name in lists}
    else:
        answer = claims(groups, asked.prompt)
    return orjson.dumps(answer).decode()


def claims(groups: list[Group], prompt: str) -> dict[str, list[dict[str, Any]]]:
    """What is said of the largest groups, each claim with their runs."""
    largest = sorted(groups, key=lambda each: -each["count"])[:SHOWN_GROUPS]
    told: dict[str, list[dict[str, Any]]] = {"patterns": [], "fixes": [], "validator_rules": [], "unit_tests": []}
    for each in largest:
        cause, cure = sort_of(each["why"])
        runs = {"trace_ids": each["trace_ids"]}
        quoted = each["why"][:120]
        told["patterns"].append({"pattern": f"Simulated: {each['count']} runs fail as {cause}: {quoted}", **runs})
        told["fixes"].append({"fix": f"Simulated: {cure}.", "how_to_test": f"No run says {quoted!r} any more.", **runs})
        told["validator_rules"].append({"rule": f"The step's output does not match {quoted!r}.", **runs})
        told["unit_tests"].append(
            {
                "name": f"test_{cure.split()[0]}",
                "given": each["asked"] or "a request",
                "expect": f"not {quoted!r}",
                **runs,
            }
        )
    while told["unit_tests"] and len(told["unit_tests"]) < 3:
        first = told["unit_tests"][0]
        told["unit_tests"].append({**first, "name": f"{first['name']}_{len(told['unit_tests']) + 1}"})
    if chance("made up", prompt) < SHARE_MADE_UP:
        told["patterns"].append({"pattern": "Simulated: the moon is full.", "trace_ids": [MADE_UP]})
    return told


def merged(parts: Iterable[Group], name: str) -> list[dict[str, Any]]:
    """The claims of one list of all parts; those with the same words once, with the runs of all."""
    found: dict[str, dict[str, Any]] = {}
    for claim in (claim for part in parts for claim in part.get(name, [])):
        words = {key: text for key, text in claim.items() if key != "trace_ids"}
        same = found.setdefault(orjson.dumps(words).decode(), {**words, "trace_ids": []})
        same["trace_ids"] = list(dict.fromkeys([*same["trace_ids"], *claim["trace_ids"]]))
    return list(found.values())[:5]


def insights(states: list[Group]) -> list[dict[str, Any]]:
    """A sentence on each of the three states with most failures."""
    largest = sorted(states, key=lambda each: -each["failures"])[:3]
    return [
        {
            "insight": f"Simulated: repair {each['state']}, where {each['failures']} runs fail, before what is left.",
            "trace_ids": each["patterns"][0]["trace_ids"],
        }
        for each in largest
        if each.get("patterns")
    ]


def sort_of(why: str) -> tuple[str, str]:
    """Cause and cure, by the words of an explanation."""
    return next(((cause, cure) for words, cause, cure in SORTS if re.search(words, why, re.IGNORECASE)), OTHER)
