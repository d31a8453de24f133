"""Cheaper versions of a prompt, made by rule. Pure: which of them are as good is for a gate to say."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from tasks.shared.few_shot import parsed, written
from tasks.shared.few_shot.selection import unlike_each_other
from tasks.shared.gateways.phoenix.prompt_versions import PromptText, variables_of

TASK, EXAMPLES = "task", "examples"
# Quoted text first, so that what looks like a comment inside it stays.
SQL_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|(?P<comment>--[^\n]*|/\*.*?\*/)", re.DOTALL)
COMMENT_ON = re.compile(r"^\s*COMMENT\s+ON\s(?:'(?:[^']|'')*'|[^';])*;[ \t]*\n?", re.IGNORECASE | re.MULTILINE)
TABLE = re.compile(r"\bCREATE\s+(?:\w+\s+)*TABLE\b", re.IGNORECASE)
SENTENCE = re.compile(r"[^.!?]+(?:[.!?]+(?=\s|\Z)|[.!?](?=\S)[^.!?]*)*", re.DOTALL)
INSTRUCTS = re.compile(
    r"\b(?:answer|reply|return|write|use|give|say|show|list|include|keep|avoid|ignore|follow|check|refuse|do not|don't|"
    r"never|always|only|must|should|cannot|may|if|when|unless|where|means?|ends?|begins?|are in|is in)\b|[{`:\"]",
    re.IGNORECASE,
)
FILLER = re.compile(
    r"\b(?:please|kindly|very|really|carefully|simply|just|of course|in order(?= to))\s+|"
    r"\b(?:it is important (?:to note )?that|note that|remember that|as an? (?:experienced|expert) \w+,)\s+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Compressed:
    """A cheaper version: its name among the candidates, what was done in a sentence, and its share of the characters.

    `share` is None where the prompt is as long as before and only its provider's cache makes it cheaper.
    """

    name: str
    what: str
    prompt: PromptText
    share: float | None


def compressed(prompt: PromptText, weak: Collection[str] = ()) -> list[Compressed]:
    """Every way to make *prompt* cheaper that changes it, each alone, and at last all of them together.

    Args:
        prompt: The prompt as it is.
        weak: Questions of examples that do not help; they are left out first.
    """
    ways: dict[str, tuple[str, Callable[[PromptText], PromptText]]] = {
        "schema-without-descriptions": ("the schema without its comments", without_descriptions),
        "fewer-examples": ("half of the examples", lambda it: fewer_examples(it, weak)),
        "shorter-task": ("the task without what instructs nothing", shorter_task),
        "cacheable-prefix-first": ("what never changes comes first", cacheable_first),
    }
    base = PromptText(**{name: getattr(prompt, name) for name in PromptText.__dataclass_fields__})
    found, together, done = [], base, []
    for name, (what, change) in ways.items():
        changed = change(base)
        if changed != base:
            found.append(_compressed(name, what, changed, base))
            together = change(together)
            done.append(what)
    if len(found) > 1:
        found.append(_compressed("all-together", ", ".join(done), together, base))
    return found


def without_descriptions(prompt: PromptText) -> PromptText:
    """Without the comments in sections that are DDL."""
    return _with(prompt, {name: plain_ddl(text) for name, text in prompt.sections.items() if TABLE.search(text)})


def plain_ddl(ddl: str) -> str:
    """*ddl* without comments, `COMMENT ON` statements, blank lines and blanks at the ends of lines."""
    bare = SQL_TOKEN.sub(lambda found: "" if found["comment"] else found[0], COMMENT_ON.sub("", ddl))
    lines = (line.rstrip() for line in bare.splitlines())
    return "\n".join(line for line in lines if line)


def fewer_examples(prompt: PromptText, weak: Collection[str] = ()) -> PromptText:
    """With half of its examples, rounded up: without the weak ones and those that say what another one says."""
    found = parsed(prompt.sections.get(EXAMPLES, ""))
    if found is None or len(found[0]) < 2:
        return prompt
    examples, label = found
    last = {number for number, example in enumerate(examples) if example.question in weak}
    kept = unlike_each_other([example.question for example in examples], (len(examples) + 1) // 2, last)
    return _with(prompt, {EXAMPLES: written([examples[number] for number in kept], label)})


def shorter_task(prompt: PromptText) -> PromptText:
    """With a task of its instructing sentences only, without words that only fill."""
    task = prompt.sections.get(TASK)
    return prompt if task is None else _with(prompt, {TASK: instructions_of(task)})


def instructions_of(task: str) -> str:
    """The sentences of *task* that tell what to do, line by line; all of it where none does."""
    lines = [" ".join(_instructing(line)) for line in _unwrapped(task)]
    return "\n".join(line for line in lines if line) or task


def cacheable_first(prompt: PromptText) -> PromptText:
    """With what is the same in every call before what is not: providers cache how a prompt begins.

    Paragraphs of a system message that hold a variable without a section move behind the others, and so do system
    messages. What people and the assistant say stays where it is.
    """
    fixed = [message for message in prompt.messages if message["role"] == "system"]
    others = tuple(message for message in prompt.messages if message["role"] != "system")
    moved = [{**message, "content": _open_last(message["content"], prompt)} for message in fixed]
    moved.sort(key=lambda message: _is_open(message["content"], prompt))
    return prompt if moved == fixed else replace(prompt, messages=(*moved, *others))


def head_share(prompt: PromptText) -> float:
    """Share of the prompt's characters, its open variables aside, that come before the first open variable."""
    total, head, still_fixed = 0, 0, True
    for message in prompt.messages:
        for part in re.split(r"(?<!\\)(\{\{\s*\w+\s*\}\})", message["content"]):
            name = next(iter(variables_of([part])), None)
            still_fixed = still_fixed and (name is None or name in prompt.sections)
            chars = len(part) if name is None else len(prompt.sections.get(name, ""))
            total, head = total + chars, head + chars * still_fixed
    return head / total if total else 1.0


def chars_of(prompt: PromptText) -> int:
    """Characters of the prompt with its sections filled in and its other variables empty."""
    filled = prompt.render(dict.fromkeys(prompt.wanted, ""))
    return sum(len(message["content"]) for message in filled)


def _compressed(name: str, what: str, changed: PromptText, base: PromptText) -> Compressed:
    share = chars_of(changed) / chars_of(base)
    described = replace(changed, description=f"{what[0].upper()}{what[1:]}. Made by compression.")
    return Compressed(name, what, described, None if share >= 1 else share)


def _with(prompt: PromptText, sections: dict[str, str]) -> PromptText:
    return replace(prompt, sections={**prompt.sections, **sections})


def _unwrapped(text: str) -> list[str]:
    """Lines of *text* with lines that go on in the middle of a sentence joined, as people wrap them."""
    lines: list[str] = []
    for line in text.splitlines():
        goes_on = (
            lines and lines[-1] and line.strip() and lines[-1][-1] not in ".!?:;" and line[0] not in "-*#0123456789 \t"
        )
        if goes_on:
            lines[-1] = f"{lines[-1]} {line.strip()}"
        else:
            lines.append(line.rstrip())
    return lines


def _instructing(line: str) -> list[str]:
    """The sentences of *line* that instruct, without filling words."""
    sentences = (FILLER.sub("", found[0].strip()) for found in SENTENCE.finditer(line))
    return [f"{each[:1].upper()}{each[1:]}" for each in sentences if each and INSTRUCTS.search(each)]


def _open_last(content: str, prompt: PromptText) -> str:
    paragraphs = content.split("\n\n")
    return "\n\n".join(sorted(paragraphs, key=lambda paragraph: _is_open(paragraph, prompt)))


def _is_open(text: str, prompt: PromptText) -> bool:
    return any(name not in prompt.sections for name in variables_of([text]))
