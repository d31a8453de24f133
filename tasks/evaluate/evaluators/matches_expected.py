"""1.0 when an answer is the right one of its example: equal as JSON where both are JSON, else as text.

Spaces, a Markdown fence around the whole, the order of JSON keys and the way of writing a number do not matter.
"""

import re
import unicodedata

import orjson

from tasks.evaluate.expected import EXPECTS, expected_output, json_differences, text_differences, told
from tasks.shared.records import Evaluator, Score
from tasks.shared.step_signs.messages import answer_text

FENCED = re.compile(r"```[\w+-]*[ \t]*\n(?P<content>.*?)\n?```", re.DOTALL)


def matches_expected(output: str | None, output_messages: str | None, metadata: str) -> Score | None:
    """Compare the last thing said with `expected.output` of the metadata; None where nobody knows the right answer."""
    said, expected = _normalised(answer_text(output, output_messages)), expected_output(metadata)
    if expected is None:
        return None
    wanted = _normalised(expected) if isinstance(expected, str) else orjson.dumps(expected).decode()
    if said == wanted:
        return Score(1.0, "equal")
    try:
        differences = list(json_differences(orjson.loads(said), orjson.loads(wanted)))
    except orjson.JSONDecodeError:
        differences = list(text_differences(said, wanted))
    return Score(0.0, "different", told(iter(differences))) if differences else Score(1.0, "equal")


def _normalised(text: str) -> str:
    """Without a fence, spaces alike, characters composed."""
    text = text.strip()
    fenced = FENCED.fullmatch(text)
    return " ".join(unicodedata.normalize("NFC", fenced["content"] if fenced else text).split())


EVALUATOR = Evaluator(
    unit="span",
    select=EXPECTS,
    needs=("output", "output_messages", "metadata"),
    score=matches_expected,
)
