"""What the evaluators that compare with a right answer share: which spans carry one, and what differs from it."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

import orjson

# Experiments write the right answer of an example into the metadata of the span that answered it, and `{}` where nobody
# knows it: such a span is decided too, as not applicable. CASE, for only then is the first, cheap condition surely
# looked at first.
EXPECTS = (
    "status_code <> 'ERROR' AND (output IS NOT NULL OR output_messages IS NOT NULL) AND"
    " CASE WHEN contains(metadata, '\"expected\"')"
    " THEN json_type(metadata, '$.expected') = 'OBJECT' ELSE false END"
)
WORD = re.compile(r"\w+|[^\w\s]")
COMPARED_WORDS = 2_000
SHOWN_DIFFERENCES, SHOWN_CHARACTERS = 4, 80


def expected_output(metadata: str) -> Any:
    """The right answer in a span's metadata: mostly text, else any JSON value; None where nobody knows it."""
    return orjson.loads(metadata)["expected"].get("output")


def told(differences: Iterator[str]) -> str:
    """The first few differences as a sentence."""
    found = [difference for _, difference in zip(range(SHOWN_DIFFERENCES + 1), differences, strict=False)]
    more = ["and more"] if len(found) > SHOWN_DIFFERENCES else []
    return f"{'; '.join(found[:SHOWN_DIFFERENCES] + more)}."


def text_differences(said: str, expected: str, word: re.Pattern[str] = WORD) -> Iterator[str]:
    """Each place where two texts differ, by words."""
    ours, theirs = ([*word.finditer(text)][:COMPARED_WORDS] for text in (said, expected))
    matcher = SequenceMatcher(None, [each[0] for each in ours], [each[0] for each in theirs], autojunk=False)
    alike = True
    for kind, start, end, expected_start, expected_end in matcher.get_opcodes():
        if kind != "equal":
            alike = False
            yield _difference(_part(said, ours[start:end]), _part(expected, theirs[expected_start:expected_end]))
    if alike:
        yield f"they differ in spaces, or after the first {COMPARED_WORDS:,} words"


def json_differences(said: Any, expected: Any, path: str = "$") -> Iterator[str]:
    """Each place where two JSON values differ; the order of keys and the way of writing a number do not matter."""
    if isinstance(said, dict) and isinstance(expected, dict):
        for key in sorted(expected.keys() | said.keys()):
            yield from _beside(said, expected, key, f"{path}.{key}")
    elif isinstance(said, list) and isinstance(expected, list):
        ours, theirs = dict(enumerate(said)), dict(enumerate(expected))
        for index in sorted(ours.keys() | theirs.keys()):
            yield from _beside(ours, theirs, index, f"{path}[{index}]")
    elif said != expected or isinstance(said, bool) != isinstance(expected, bool):
        yield f"{path} is {_shown(_as_json(said))} instead of {_shown(_as_json(expected))}"


def _beside(said: dict[Any, Any], expected: dict[Any, Any], key: Any, path: str) -> Iterator[str]:
    if key not in said:
        yield f"{path} is missing"
    elif key not in expected:
        yield f"{path} is too much"
    else:
        yield from json_differences(said[key], expected[key], path)


def _difference(said: str, expected: str) -> str:
    if not said:
        return f"`{_shown(expected)}` is missing"
    return f"`{_shown(said)}` instead of `{_shown(expected)}`" if expected else f"`{_shown(said)}` is too much"


def _part(text: str, words: list[re.Match[str]]) -> str:
    return text[words[0].start() : words[-1].end()] if words else ""


def _as_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _shown(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]} …"
