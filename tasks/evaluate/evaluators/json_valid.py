"""1.0 when an output that is declared JSON parses as JSON (RFC 8259: no NaN, no comments, no Markdown fence)."""

import orjson

from tasks.shared.records import Evaluator, Score


def json_valid(output: str) -> Score:
    """Parse the output."""
    try:
        orjson.loads(output)
    except orjson.JSONDecodeError as error:
        fenced = " It is wrapped in a Markdown fence." if output.lstrip().startswith("```") else ""
        return Score(0.0, "invalid", f"Not JSON: {error}.{fenced}")
    return Score(1.0, "valid")


EVALUATOR = Evaluator(
    unit="span",
    select="regexp_matches(output_mime_type, '^application/([\\w.+-]+\\+)?json\\b', 'i') AND output IS NOT NULL",
    needs=("output",),
    score=json_valid,
)
