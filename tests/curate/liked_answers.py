"""A lake with answers that people liked, did not like and said nothing of, and curated examples in every split."""

import datetime as dt
import json
from typing import Any

import pyarrow as pa

from tasks.shared.settings import SplitSettings
from tasks.shared.splits import cluster_of, split_of
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import ANNOTATIONS, EXAMPLES, SPANS, Table
from tests.evaluate.rows import DAY, span_row

WINDOW = DAY.reaching_back(24)
NAME = "bedrock.generate_sql"
REGIONS = ("north", "south", "east", "west", "centre", "coast", "alps", "islands", "harbour", "desert")
THINGS = ("devices", "alerts", "sites", "technicians", "firmware updates", "batteries")
# Sessions in the split `train`, and in the split `test`.
SESSIONS = {
    split: [name for name in map(str, range(400)) if split_of(cluster_of(name, ""), SplitSettings(), {}) == split]
    for split in ("train", "test", "holdout")
}


def question(i: int) -> str:
    """One of sixty questions that are no near-duplicates at 0.9."""
    return f"Which {THINGS[i % 6]} in region {REGIONS[i % 10]} were out of order in week {i * 7919} of the year?"


def answer(i: int, **values: Any) -> dict[str, Any]:
    """A span that answered a question with SQL, in a session of the split `train`."""
    usual = {
        "name": NAME,
        "trace_id": f"{i:032x}",
        "session_id": SESSIONS["train"][i],
        "start_time": DAY.start + dt.timedelta(minutes=i),
        "model": "gpt-4o-mini",
        "prompt_tokens": 30,
        "completion_tokens": 20,
        "total_tokens": 50,
        "prompt_variables": json.dumps({"question": question(i), "schema": "CREATE TABLE t (a int)"}),
        "input_messages": json.dumps([{"role": "user", "content": question(i)}]),
        "output": f"```sql\nSELECT {i} FROM t\n```",
    }
    return span_row(f"{i:016x}", **{**usual, **values})


def opinion(i: int, label: str = "positive") -> dict[str, Any]:
    """What a person said of that answer."""
    row: dict[str, Any] = dict.fromkeys(ANNOTATIONS.schema.names)
    said = {"annotation_id": f"a{i}-{label}", "unit": "span", "unit_id": f"{i:016x}", "name": "user_feedback"}
    placed = {"start_time": DAY.start + dt.timedelta(minutes=i), "annotator_kind": "HUMAN", "identifier": ""}
    return row | said | placed | {"label": label}


def example(i: int, split: str = "train", dataset: str = "golden-queries", **values: Any) -> dict[str, Any]:
    """A curated example of the span *i*, made of that question."""
    row: dict[str, Any] = dict.fromkeys(EXAMPLES.schema.names)
    said = {"input": json.dumps({"input": question(i)}), "output": json.dumps({"output": f"SELECT {i} FROM curated"})}
    ids = {"dataset": dataset, "example_id": f"{i:016x}", "span_id": f"{i:016x}", "trace_id": f"{i:032x}"}
    at = {"start_time": DAY.start + dt.timedelta(minutes=i), "added_at": DAY.end}
    return row | ids | said | at | {"split": split, "stratum": "golden", "metadata": "{}", "version": "v"} | values


def fill(lake: Lake, project: str, table: Table, rows: list[dict[str, Any]]) -> None:
    """Write *rows* into the lake."""
    lake.write(table, project, WINDOW, pa.Table.from_pylist(rows, schema=table.schema))


def liked_answers(lake: Lake, project: str) -> None:
    """Forty answers that people liked, one of which names a customer, and all else that a rule leaves out."""
    spans = [answer(i) for i in range(40)]
    mail = {"question": "Which devices of anna@example.com failed?", "schema": "t"}
    spans[7] |= {"prompt_variables": json.dumps(mail), "output": "SELECT 7 FROM t WHERE owner = 'anna@example.com'"}
    spans += [
        answer(40),  # nobody said anything
        answer(41),  # not liked
        answer(42, output="I'm sorry, but I can't help with that."),
        answer(43, session_id=SESSIONS["test"][0]),
        answer(44, prompt_variables=spans[3]["prompt_variables"], output=spans[3]["output"]),
        answer(45, prompt_variables=json.dumps({"question": question(50) + " Please."})),
        answer(46, name="another.span"),
        answer(47),  # its session was in the split test before the shares changed
    ]
    opinions = [opinion(i) for i in (*range(40), *range(42, 48))] + [opinion(41, "negative")]
    fill(lake, project, SPANS, spans)
    fill(lake, project, ANNOTATIONS, opinions)
    examples = [example(0), example(50, "holdout"), example(51, "train", "my-own"), example(52, "train", output=None)]
    other = json.dumps({"input": "Who is on call?"})
    before = example(54, "test", "failed-queries", session_id=SESSIONS["train"][47], input=other)
    fill(lake, project, EXAMPLES, [*examples, example(53, "train"), before])
