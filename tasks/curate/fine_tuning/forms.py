"""The forms of a line in a fine-tuning file: written from an example, and read back by the checks.

completion  {"prompt": text, "completion": text}: Bedrock's Titan and other text models
openai      {"messages": [{"role", "content"}, ...]}: OpenAI's chat models, and servers that take its form
anthropic   {"system": text, "messages": [...]}: Claude on Bedrock
bedrock     {"schemaVersion", "system": [{"text"}], "messages": [{"role", "content": [{"text"}]}]}: Nova on Bedrock
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tasks.curate.fine_tuning.turns import Turns
from tasks.shared.settings import FineTuningForm

BEDROCK_SCHEMA = "bedrock-conversation-2024"
BETWEEN = "\n\n"


class Form(NamedTuple):
    """How turns become the object of a line, and the line's object becomes turns again.

    `read` raises KeyError, TypeError or ValueError for an object of another form.
    """

    write: Callable[[Turns], dict[str, Any]]
    read: Callable[[Mapping[str, Any]], Turns]


def _completion(turns: Turns) -> dict[str, Any]:
    """The form has no system message: it begins the prompt."""
    return {"prompt": BETWEEN.join(filter(None, (turns.system, turns.prompt))), "completion": turns.completion}


def _of_completion(line: Mapping[str, Any]) -> Turns:
    return Turns("", *_exactly(line, "prompt", "completion"))


def _openai(turns: Turns) -> dict[str, Any]:
    system = [{"role": "system", "content": turns.system}] if turns.system else []
    return {"messages": [*system, *_messages(turns)]}


def _of_openai(line: Mapping[str, Any]) -> Turns:
    (messages,) = _exactly(line, "messages", of=list)
    system = [_of_role(messages[0], "system")] if len(messages) == 3 else [""]
    return Turns(*system, *_of_messages(messages[-2:] if len(messages) == 3 else messages))


def _anthropic(turns: Turns) -> dict[str, Any]:
    return {**({"system": turns.system} if turns.system else {}), "messages": _messages(turns)}


def _of_anthropic(line: Mapping[str, Any]) -> Turns:
    system = _exactly({"system": line["system"]}, "system") if "system" in line else [""]
    (messages,) = _exactly({k: v for k, v in line.items() if k != "system"}, "messages", of=list)
    return Turns(*system, *_of_messages(messages))


def _bedrock(turns: Turns) -> dict[str, Any]:
    system = {"system": [{"text": turns.system}]} if turns.system else {}
    said = [{"role": m["role"], "content": [{"text": m["content"]}]} for m in _messages(turns)]
    return {"schemaVersion": BEDROCK_SCHEMA, **system, "messages": said}


def _of_bedrock(line: Mapping[str, Any]) -> Turns:
    if line["schemaVersion"] != BEDROCK_SCHEMA:
        raise ValueError(f"schemaVersion is {line['schemaVersion']!r}, not {BEDROCK_SCHEMA!r}")
    plain: dict[str, Any] = {k: v for k, v in line.items() if k != "schemaVersion"}
    plain["messages"] = [{"role": m["role"], "content": _only_text(m["content"])} for m in line["messages"]]
    if "system" in line:
        plain["system"] = _only_text(line["system"])
    return _of_anthropic(plain)


FORMS: Mapping[FineTuningForm, Form] = {
    "completion": Form(_completion, _of_completion),
    "openai": Form(_openai, _of_openai),
    "anthropic": Form(_anthropic, _of_anthropic),
    "bedrock": Form(_bedrock, _of_bedrock),
}


def _messages(turns: Turns) -> list[dict[str, str]]:
    return [{"role": "user", "content": turns.prompt}, {"role": "assistant", "content": turns.completion}]


def _of_messages(messages: list[Any]) -> list[str]:
    """The texts of a user's and an assistant's message, and nothing else."""
    user, assistant = messages
    return [_of_role(user, "user"), _of_role(assistant, "assistant")]


def _of_role(message: Any, role: str) -> str:
    if message["role"] != role:
        raise ValueError(f"a message has the role {message['role']!r} where {role!r} belongs")
    (content,) = _exactly({"content": message["content"]}, "content")
    return str(content)


def _only_text(content: list[Any]) -> Any:
    (part,) = content
    return part["text"]


def _exactly(line: Mapping[str, Any], *fields: str, of: type = str) -> list[Any]:
    """The values of *fields*, which *line* has and no others, each of the type *of*."""
    if set(line) != set(fields):
        raise ValueError(f"has the fields {', '.join(line) or 'none'} instead of {', '.join(fields)}")
    if wrong := [name for name in fields if not isinstance(line[name], of)]:
        raise TypeError(f"{wrong[0]} is a {type(line[wrong[0]]).__name__}")
    return [line[name] for name in fields]
