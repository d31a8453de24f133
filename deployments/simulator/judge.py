"""The simulated judge: recognises a simulated answer by its text and is right as often as its rates say."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deployments.simulator.faults import Faults
from deployments.simulator.truth import Answer

TRUE_LABELS = {
    "hallucinated": "hallucinated",
    "incorrect": "hallucinated",
    "unfaithful": "hallucinated",
    "fail": "hallucinated",
    "refused": "refused",
}
YES_NO = ("incorrect", "correct")
UNKNOWN = "The simulated judge does not know this text."


@dataclass(frozen=True)
class Verdict:
    """What the judge says: the label among those offered, why, and whether it found what it looked for."""

    label: str
    explanation: str
    found: bool


@dataclass(frozen=True)
class SimulatedJudge:
    """Judges by the truth of a simulation, with set errors that depend on the seed and the text only."""

    answers: Sequence[Answer]

    def verdict(self, prompt: str, labels: Sequence[str], faults: Faults) -> Verdict:
        """Choose among *labels*, one of which stands for a true case (`hallucinated`, `incorrect`, `refused` ...)."""
        positive = next((label for label in labels if label.lower() in TRUE_LABELS), labels[0])
        negative = next((label for label in labels if label != positive), positive)
        answer = self.recognised(prompt)
        if answer is None:
            return Verdict(negative, UNKNOWN, found=False)
        question = TRUE_LABELS.get(positive.lower(), "hallucinated")
        true = bool(getattr(answer, question))
        rate = faults.true_positive_rate if true else faults.false_positive_rate
        found = chance(faults.seed, question, answer.input, answer.output) < rate
        label = positive if found else negative
        return Verdict(label, f"The simulated judge finds this answer {label}.", found)

    def recognised(self, prompt: str) -> Answer | None:
        """The answer that *prompt* holds: with its question rather than without, and the longest."""
        held = [answer for answer in self.answers if answer.output in prompt]
        return max(held, key=lambda answer: (answer.input in prompt, len(answer.output)), default=None)


def chance(*parts: object) -> float:
    """A number in [0, 1) that depends on *parts* only."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


def answer_to(body: Mapping[str, Any], judge: SimulatedJudge, faults: Faults) -> dict[str, Any]:
    """The assistant's message for a chat request: a tool call, JSON in the schema asked for, or text."""
    prompt = "\n".join(text_of(message) for message in body["messages"])

    if body.get("tools") and body.get("tool_choice") != "none":
        function = chosen_tool(body)
        schema = function.get("parameters", {})
        arguments = json.dumps(filled(schema, judge.verdict(prompt, labels_in(schema), faults)))
        call_id = f"call_{hashlib.sha256(prompt.encode()).hexdigest()[:16]}"
        call = {"id": call_id, "type": "function", "function": {"name": function["name"], "arguments": arguments}}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    wanted = body.get("response_format") or {"type": "text"}
    if wanted["type"] == "json_schema":
        schema = wanted["json_schema"]["schema"]
        content = json.dumps(filled(schema, judge.verdict(prompt, labels_in(schema), faults)))
        return {"role": "assistant", "content": content}
    verdict = judge.verdict(prompt, YES_NO, faults)
    spoken = {"label": verdict.label, "explanation": verdict.explanation}
    content = json.dumps(spoken) if wanted["type"] == "json_object" else verdict.explanation
    return {"role": "assistant", "content": content}


def text_of(message: Mapping[str, Any]) -> str:
    """The text of a chat message, whose content is text or a list of parts."""
    content = message.get("content") or ""
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def chosen_tool(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The function that `tool_choice` names, else the first one offered."""
    functions: list[Mapping[str, Any]] = [tool["function"] for tool in body["tools"]]
    choice = body.get("tool_choice")
    if isinstance(choice, Mapping):
        return next(function for function in functions if function["name"] == choice["function"]["name"])
    return functions[0]


def filled(schema: Mapping[str, Any], verdict: Verdict) -> Any:
    """A value that fits the JSON *schema* and says what the *verdict* says; flags and numbers mean "all is well"."""
    if "enum" in schema:
        return verdict.label if verdict.label in schema["enum"] else schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        return {key: filled(part, verdict) for key, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [filled(schema.get("items", {"type": "string"}), verdict)]
    if kind in ("boolean", "number", "integer"):
        return not verdict.found if kind == "boolean" else int(not verdict.found)
    return verdict.explanation


def labels_in(schema: Mapping[str, Any]) -> Sequence[str]:
    """The first labels that *schema* offers, else incorrect and correct."""
    if "enum" in schema:
        return list(schema["enum"])
    parts = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return next((found for part in parts if (found := labels_in(part)) is not YES_NO), YES_NO)
