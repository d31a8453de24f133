"""What may be learned from: right answers of curated examples, and highly rated answers of the traffic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from tasks.curate.examples import variables
from tasks.curate.fine_tuning.turns import QUESTION, named
from tasks.curate.pool import Source, source, weeks
from tasks.shared.errors import ConfigurationError, StoreError
from tasks.shared.records import Window
from tasks.shared.settings import ExportSettings, Settings
from tasks.shared.splits import cluster_of, split_of
from tasks.shared.store.kept_splits import kept_splits
from tasks.shared.store.lake import Lake

SPANS = "spans"
EXAMPLES = """
SELECT dataset, span_id, session_id, split, input, output FROM examples ORDER BY dataset, start_time, example_id
"""
RATED = """,
rated_high AS (
    SELECT span_id, trace_id, session_id, question, output, approved, positive FROM judged
    WHERE coalesce(({rated}), false)
)
SELECT
    rated_high.*,
    CASE WHEN $with_variables THEN spans.prompt_variables END AS prompt_variables,
    (SELECT count(*) FROM judged) AS seen
FROM rated_high INNER JOIN spans USING (span_id, trace_id)
ORDER BY span_id
"""
SEEN = " SELECT count(*) AS seen FROM judged"


@dataclass(frozen=True)
class Candidate:
    """An answer with the question it belongs to. `values` are the question (`input`) and the prompt's variables.

    `origin` is the dataset or `spans`; of several alike the one of the lowest `rank` is taken.
    """

    span_id: str
    split: str
    origin: str
    rank: int
    values: Mapping[str, str]
    answer: str


@dataclass(frozen=True)
class Material:
    """The candidates, the questions of examples in splits that stay unseen, and how many spans were looked at."""

    candidates: Sequence[Candidate]
    held_out: Sequence[str]
    spans_seen: int


def material(lake: Lake, settings: Settings, project: str, window: Window) -> Material:
    """Read everything: all examples, and the spans of *window*.

    Raises:
        ConfigurationError: `export.rated` is no predicate over a candidate.
    """
    rules = settings.export
    rows = lake.sql(EXAMPLES, project).to_pylist()
    datasets = rules.datasets or tuple(settings.curation.name_of(kind, project) for kind in ("expert", "golden"))
    curated = [
        _of_example(row, datasets.index(row["dataset"])) for row in rows if row["dataset"] in datasets and row["output"]
    ]
    held_out = [orjson.loads(row["input"]).get(QUESTION, "") for row in rows if row["split"] not in rules.splits]
    spans, seen = _rated(lake, settings, project, window, len(datasets))
    return Material([*curated, *spans], held_out, seen)


def _rated(lake: Lake, settings: Settings, project: str, window: Window, rank: int) -> tuple[list[Candidate], int]:
    """Highly rated spans, those that people approved first; and how many there were to choose from."""
    rules, usual = settings.export, settings.curation
    asked = usual.model_copy(update={"spans": rules.spans or usual.spans, "scores": rules.scores or usual.scores})
    of = source(lake, project, window, asked, settings.feedback)
    if of is None:
        return [], 0
    kept = kept_splits(lake, project)
    found, seen = [], 0
    for week in weeks(window):
        rows = _rows(of, rules, week)
        seen += (rows or of.sql(SEEN, week).to_pylist())[0]["seen"]
        found += [_of_span(row, settings, kept, rank) for row in rows]
    return found, seen


def _rows(of: Source, rules: ExportSettings, week: Window) -> list[dict[str, Any]]:
    with_variables = bool(named(rules.system, rules.prompt) - {QUESTION})
    try:
        rows = of.sql(RATED.format(rated=rules.rated), week, {"with_variables": with_variables})
    except StoreError as error:
        raise ConfigurationError(
            f"export.rated {rules.rated!r} cannot be asked ({error}). It is a predicate like curation.right."
        ) from error
    return list(rows.to_pylist())


def _of_example(row: Mapping[str, Any], rank: int) -> Candidate:
    answer = orjson.loads(row["output"]).get("output")
    values = orjson.loads(row["input"])
    return Candidate(row["span_id"], row["split"], row["dataset"], rank, values, answer or "")


def _of_span(row: Mapping[str, Any], settings: Settings, kept: Mapping[str, str], rank: int) -> Candidate:
    """A span's answer; those that people approved or liked go before those that only have high scores."""
    split = split_of(cluster_of(row["session_id"], row["trace_id"]), settings.splits, kept)
    values = {**variables(row["prompt_variables"]), QUESTION: row["question"]}
    rank += 0 if row["approved"] else 1 if row["positive"] else 2
    return Candidate(row["span_id"], split, SPANS, rank, values, row["output"] or "")
