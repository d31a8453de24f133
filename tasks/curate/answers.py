"""What is known of the right answer to a question that once failed: the same question, answered well later."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tasks.curate.pool import Source, weeks

# The text of the question, as alike as two people type it.
FORM = r"lower(trim(regexp_replace({text}, '\s+', ' ', 'g')))"
LATER = """
SELECT
    failed.span_id,
    arg_min(struct_pack(span_id := judged.span_id, output := judged.output), judged.start_time) AS answer,
    min(judged.start_time) AS answered_at
FROM failed INNER JOIN judged ON {form} = {failed_form} AND judged.start_time > failed.start_time
WHERE judged.good
GROUP BY failed.span_id
"""


@dataclass(frozen=True)
class Later:
    """A right answer and the span that gave it."""

    output: str
    span_id: str


def later_answers(of: Source, failures: Iterable[Mapping[str, Any]]) -> dict[str, Later]:
    """By span of *failures* (`span_id`, `question`, `start_time`) the first right answer to the same question since."""
    rows = [{name: row[name] for name in ("span_id", "question", "start_time")} for row in failures]
    if not rows:
        return {}
    query = " " + LATER.format(
        form=FORM.format(text="judged.question"), failed_form=FORM.format(text="failed.question")
    )
    found: dict[str, Later] = {}
    for week in weeks(of.window):
        for row in of.sql(query, week, failed=pa.Table.from_pylist(rows)).to_pylist():
            found.setdefault(row["span_id"], Later(row["answer"]["output"], row["answer"]["span_id"]))
    return found
