"""What a model proposed, read and checked: a candidate that cannot be the prompt is refused before it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.prompts.meta_prompt import parts_of, with_parts
from tasks.shared.gateways.phoenix import PromptText


@dataclass(frozen=True)
class Proposal:
    """A candidate by its name in the round, with the model's reason for it; `refusal` says why it is not tried."""

    name: str
    prompt: PromptText
    why: str = ""
    refusal: str = ""


def proposals(
    base: PromptText, kept: Sequence[str], answer: Mapping[str, Any], most: int, tried: Mapping[str, str]
) -> list[Proposal]:
    """The first *most* prompts of a model's *answer*, in its order.

    Args:
        base: The prompt that they should replace.
        kept: Sections that no candidate may change.
        answer: By the form of `answer_form`; nothing in it is taken on trust.
        most: How many were asked for.
        tried: By digest, what is known of prompts that were tried before.
    """
    listed = answer.get("prompts")
    known = {base.digest: "it is the present prompt, unchanged", **tried}
    found = []
    for number, item in enumerate((listed if isinstance(listed, list) else [])[:most], start=1):
        each = proposal(base, kept, item, f"candidate-{number}", known)
        known.setdefault(each.prompt.digest, f"it is the same as {each.name}")
        found.append(each)
    return found


def proposal(base: PromptText, kept: Sequence[str], item: Any, name: str, known: Mapping[str, str]) -> Proposal:
    """One prompt of an answer."""
    if not isinstance(item, Mapping):
        return Proposal(name, base, refusal=f"it is {type(item).__name__}, not an object with the parts of the prompt")
    wanted = parts_of(base, kept)
    parts = {part: text for part, text in item.items() if part in wanted and isinstance(text, str)}
    prompt = with_parts(base, parts)
    return Proposal(name, prompt, str(item.get("why") or ""), refusal_of(base, prompt, known))


def refusal_of(base: PromptText, prompt: PromptText, known: Mapping[str, str]) -> str:
    """Why *prompt* cannot take the place of *base*; empty where nothing speaks against a try."""
    if dropped := [name for name in base.variables if name not in prompt.variables]:
        return f"it drops {', '.join(f'{{{{{name}}}}}' for name in dropped)}, which the prompt needs"
    if invented := [name for name in prompt.variables if name not in base.variables]:
        return f"it asks for {', '.join(f'{{{{{name}}}}}' for name in invented)}, which nobody gives"
    return known.get(prompt.digest, "")
