"""The simulated coach: asked for tips on a conversation it gives some, and it decides how tips and guidelines agree.

Its tips follow from words of the conversation, so that equal work teaches equal things. Its decisions: what a guideline
says already needs none, one for the same situation is updated, everything else is added.
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from deployments.simulator.interfaces.exchange import Asked

SECTION = re.compile(r"<(conversation|guidelines|tips)>\n(.*?)\n</\1>", re.DOTALL)
# A word of the conversation; category, advice, and the situation in which it applies.
ADVICE = (
    ("select", "strategy", "Name the columns that the question asks for in place of all of them.", "writing SQL"),
    ("count", "optimization", "Let the database count; do not fetch rows to count them.", "counting rows in SQL"),
    ("group by", "strategy", "Group by the dimension that the question names.", "questions that say per or by"),
    ("where", "recovery", "Add the filter on devices when a query returns other fleets.", "filtering devices"),
    ("recipe", "strategy", "Ask for allergies before recipes are looked up.", "planning recipes"),
    ("tool", "recovery", "Check a tool's arguments against its schema before the call.", "calling tools"),
    ("sorry", "strategy", "Say what can be answered instead when a request is declined.", "declining a request"),
)
ALWAYS = (
    ("strategy", "Restate the question in one sentence before the work begins.", "any task"),
    ("optimization", "Stop as soon as the question is answered.", "any task with several steps"),
    ("recovery", "Try once more with a simpler request after a failure.", "a step that failed"),
)
MOST = 5


def advice_for(asked: Asked) -> str | None:
    """Tips or decisions as JSON, or None where the schema asks for neither."""
    properties = (asked.schema or {}).get("properties", {})
    sections = dict(SECTION.findall(asked.prompt))
    if "tips" in properties and "conversation" in sections:
        return orjson.dumps(_tips(sections["conversation"])).decode()
    if "decisions" in properties and "tips" in sections:
        return orjson.dumps({"decisions": _decisions(sections)}).decode()
    return None


def _tips(conversation: str) -> dict[str, Any]:
    said = conversation.lower()
    found = [(category, advice, when) for word, category, advice, when in ADVICE if word in said]
    chosen = [*found[: MOST - 1], *ALWAYS][: max(3, min(MOST, len(found) + 1))]
    tips = [
        {"content": advice, "category": category, "rationale": "Simulated: a word of it.", "trigger": when}
        for category, advice, when in chosen
    ]
    return {"task": f"Simulated: {_first_question(conversation)}", "tips": tips}


def _first_question(conversation: str) -> str:
    for line in conversation.splitlines():
        if '"role":"user"' in line and (found := re.search(r'"content":"(.{0,80})', line)):
            return found.group(1).rstrip('"}')
    return "a conversation"


def _decisions(sections: Mapping[str, str]) -> list[dict[str, Any]]:
    guidelines = [orjson.loads(line) for line in sections.get("guidelines", "").splitlines()]
    return [_decision(orjson.loads(line), guidelines) for line in sections["tips"].splitlines()]


def _decision(tip: Mapping[str, Any], guidelines: list[Any]) -> dict[str, Any]:
    same = next((each for each in guidelines if each["content"] == tip["content"]), None)
    near = next((each for each in guidelines if each["trigger"] == tip["trigger"]), None)
    standing, action = (same, "none") if same else (near, "update") if near else (None, "add")
    return {
        "tip": tip["tip"],
        "action": action,
        "guideline_id": standing["guideline_id"] if standing else "",
        "content": f"{near['content']} {tip['content']}" if near and action == "update" else "",
        "why": "Simulated.",
    }
