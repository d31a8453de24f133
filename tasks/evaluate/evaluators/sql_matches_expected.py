"""1.0 when the SQL that a span wrote is the same statement as that of the right answer, by PostgreSQL's own grammar.

Spaces, comments, the case of names and keywords, needless parentheses and the order of conditions do not matter.
"""

import re

from tasks.evaluate.expected import EXPECTS, expected_output, text_differences, told
from tasks.evaluate.sql import read, written_sql
from tasks.shared.records import Evaluator, Score
from tasks.shared.sql.answers import sql_in, sql_of_fields
from tasks.shared.sql.canonical import canonical
from tasks.shared.sql.parse import parsed

WORD = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|:?[\w.$]+|[<>=!|]+|\S")


def sql_matches_expected(
    output: str | None, output_messages: str | None, metadata: str, *, sql_dialect: str
) -> Score | None:
    """Compare the syntax trees; tell the difference in PostgreSQL's spelling. None where no right answer is known."""
    answer = expected_output(metadata)
    if answer is None:
        return None
    expected = sql_in(answer) if isinstance(answer, str) else sql_of_fields(answer)
    if expected is None:
        return Score(explanation="There is no SQL in the right answer.")
    wanted = parsed(expected, sql_dialect)
    if problem := wanted.error or wanted.unknown:
        return Score(explanation=f"The SQL of the right answer cannot be read: {problem}.")
    query = read(output, output_messages, sql_dialect)
    if query is None:
        return Score(0.0, "no_sql", "There is no SQL in the output; the right answer has some.")
    if query.unknown:
        return Score(explanation=f"Not judged: {query.unknown}.")
    if query.error:
        return Score(0.0, "invalid", f"PostgreSQL's grammar refuses it: {query.error}.")
    ours = canonical(written_sql(output, output_messages) or "", sql_dialect)
    theirs = canonical(expected, sql_dialect)
    if ours.form == theirs.form:
        return Score(1.0, "same")
    return Score(0.0, "different", told(text_differences(ours.text, theirs.text, WORD)))


EVALUATOR = Evaluator(
    unit="span",
    select=EXPECTS,
    needs=("output", "output_messages", "metadata"),
    score=sql_matches_expected,
    parameters=("sql_dialect",),
)
