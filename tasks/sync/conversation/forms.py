"""The forms in which a span carries messages, each read into messages with role and content; and the richest one."""

from collections.abc import Callable, Iterable
from typing import Any

from tasks.shared.values import Object, items, obj, parsed, text
from tasks.sync.conversation.openai_form import Conversation, conversation

Form = Callable[[Object], list[Object]]


def traceloop(attributes: Object) -> list[Object]:
    """`gen_ai.prompt.N.*` and `gen_ai.completion.N.*`, in numeric order."""
    gen_ai = obj(attributes.get("gen_ai"))
    return [*_numbered(gen_ai, "prompt", "user"), *_numbered(gen_ai, "completion", "assistant")]


def otel_genai(attributes: Object) -> list[Object]:
    """`gen_ai.system_instructions`, `gen_ai.input.messages` and `gen_ai.output.messages`, as JSON text or as lists."""
    gen_ai = obj(attributes.get("gen_ai"))
    instructions = _list(gen_ai, "system_instructions")
    system = [{"role": "system", "parts": instructions}] if instructions else []
    asked, answered = (_list(obj(gen_ai.get(side)), "messages") for side in ("input", "output"))
    return [*system, *_objects(asked, "user"), *_objects(answered, "assistant")]


def openinference(attributes: Object) -> list[Object]:
    """`llm.input_messages.N.message.*` and `llm.output_messages.N.message.*`."""
    llm = obj(attributes.get("llm"))
    found = [
        {"role": role, **_unwrapped(each)}
        for side, role in (("input_messages", "user"), ("output_messages", "assistant"))
        for each in items(llm, side)
    ]
    return [each | ({"content": each["contents"]} if items(each, "contents") else {}) for each in found]


def values(attributes: Object) -> list[Object]:
    """`input.value` and `output.value`: only for spans that carry no messages in any form."""
    found = []
    for side, role in (("input", "user"), ("output", "assistant")):
        value = obj(attributes.get(side)).get("value")
        listed = parsed(value)
        if type(listed) is dict and type(listed.get("messages")) is list:
            found += _objects(listed["messages"], role)
        elif (said := text(value)) is not None:
            found.append({"role": role, "content": said})
    return found


MESSAGES: tuple[Form, ...] = (traceloop, otel_genai, openinference)


def richest(attributes: Object, *, bare: bool) -> Conversation | None:
    """The conversation in the form that holds most of it; None where a model was asked nothing.

    With *bare*, a span without messages in any form is read by its bare values.
    """
    told = [conversation(form(attributes)) for form in MESSAGES]
    best = max(told, key=lambda each: each.richness)
    if bare and not best.messages:
        best = conversation(values(attributes))
    return best if any(message["role"] != "assistant" for message in best.messages) else None


def _numbered(node: Object, name: str, role: str) -> list[Object]:
    """Numbered messages; or the text or JSON list that the oldest versions wrote under the same name."""
    numbered = items(node, name)
    bare: Any = node.get(name)
    if numbered or type(bare) is not str:
        return _objects(numbered, role)
    listed = parsed(bare)
    return _objects(listed, role) if type(listed) is list else [{"role": role, "content": bare}]


def _objects(listed: Iterable[Any], role: str) -> list[Object]:
    """Every message as an object with a role; bare text is a message, too."""
    return [{"role": role, **each} if type(each) is dict else {"role": role, "content": each} for each in listed]


def _list(node: Object, name: str) -> list[Any]:
    """A list that came as JSON text, or already as a list."""
    value = node.get(name)
    return items({name: parsed(value)}, name) if value is not None else items(node, name)


def _unwrapped(each: Any) -> Object:
    """OpenInference's `{"message": {...}}` without its wrapper, the tool calls' too."""
    return obj(obj(each).get("message")) or obj(each)
