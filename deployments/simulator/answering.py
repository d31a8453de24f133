"""How the simulated provider answers: its writer's text or its judge's verdict in the form asked for, faults, usage."""

from typing import Any

import orjson

from deployments.simulator.faults import Fault, Faults, Malformed, chance
from deployments.simulator.interfaces.exchange import KIND_OF_STATUS, Asked, Refusal, Said, TooLong
from deployments.simulator.judging.labels import labels_in
from deployments.simulator.judging.schemas import filled
from deployments.simulator.prices import Usage
from deployments.simulator.rhythm import tokens_of
from deployments.simulator.simulated_model import SimulatedModel

UNHEARD_OF = "a label that nobody offered"


def check(asked: Asked, faults: Faults) -> None:
    """Refuse what is refused for good.

    Raises:
        Refusal: If the settings say so, or the prompt is too long.
    """
    if not faults.befall(asked.model):
        return
    if faults.permanent_status and chance(faults.seed, "permanent", asked.prompt) < faults.permanent_share:
        status = faults.permanent_status
        raise Refusal(KIND_OF_STATUS[status], status, "Simulated permanent error: do not try again.")
    if faults.context_tokens and (tokens := tokens_of(asked.prompt)) > faults.context_tokens:
        raise TooLong(tokens, faults.context_tokens)


def answer(asked: Asked, model: SimulatedModel, faults: Faults, fault: Fault | None, number: int | str) -> Said:
    """What the simulated model says to *asked*; malformed or cut where *fault* says so, or at the longest wanted."""
    text: str | None = whole(asked, model, faults)
    if fault == "malformed":
        text = malformed(asked, text or "", faults.malformed(number))
    tokens = tokens_of(text or "")
    longest = min(asked.max_tokens or tokens, tokens // 2 or 1) if fault == "truncated" else asked.max_tokens
    cut = text is not None and longest is not None and (longest < tokens or fault == "truncated")
    if text is not None and cut and longest is not None:
        text, tokens = text[: longest * 4], longest
    return Said(asked, text, cut, usage_of(asked, tokens, faults), number)


def whole(asked: Asked, model: SimulatedModel, faults: Faults) -> str:
    """The answer as it should be: JSON in the schema, or text."""
    if (written := model.written(asked)) is not None:
        return written
    judge = model.judge
    if asked.schema is None:
        return judge.verdict(asked.prompt, (), faults).explanation
    labels = labels_in(asked.schema)
    verdict = judge.verdict(asked.prompt, labels, faults)
    value = (
        filled(asked.schema, verdict, prompt=asked.prompt)
        if asked.schema
        else {"label": verdict.label, "explanation": verdict.explanation}
    )
    return orjson.dumps(value).decode()


def malformed(asked: Asked, text: str, variant: Malformed) -> str | None:
    """*text* as a model gets it wrong: broken off, in a Markdown fence, missing, without label, with one of its own."""
    if variant == "null":
        return None
    if variant == "cut" or asked.schema is None:
        return "```json\n{explanation: the simulated provider cut this off"
    if variant == "fenced":
        return f"```json\n{text}\n```"
    value: dict[str, Any] = orjson.loads(text)
    key = next((key for key in ("label", "rating", "score") if key in value), next(reversed(value), "label"))
    if variant == "no_label":
        value.pop(key, None)
    else:
        value[key] = UNHEARD_OF
    return orjson.dumps(value).decode()


def usage_of(asked: Asked, tokens: int, faults: Faults) -> Usage:
    """The tokens as billed: about four characters each, the schema included as providers do."""
    prompt = tokens_of(asked.prompt) + (len(orjson.dumps(asked.schema)) // 4 if asked.schema else 0)
    return Usage(
        model=asked.model,
        prompt=prompt,
        completion=tokens + faults.reasoning_tokens,
        cache_read=int(prompt * faults.cached_share),
        cache_write=int(prompt * faults.cache_write_share),
        reasoning=faults.reasoning_tokens,
    )
