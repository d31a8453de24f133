"""What may become an example, read from the lake week by week: a bounded part of each stratum, by hash."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa

from tasks.curate.strata import NEAREST, RIGHT, SHIPPED, Stratum
from tasks.shared.errors import ConfigurationError, StoreError
from tasks.shared.records import DAY, FEEDBACK_IDENTIFIER, HOUR, REACH_HOURS, Window
from tasks.shared.settings import CurationSettings, DatasetKind, FeedbackSettings
from tasks.shared.store.lake import Lake

SHORT, LONG = 0.02, 0.98
# What a predicate that compares with the dataset cannot use: the pool has no long texts but the question.
NOT_POOLED = "EXCLUDE (output, metadata)"
NEVER = Window(dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + HOUR)

USUAL = """
WITH {asked},
told AS (
    SELECT unnest(list_transform($cohorts, lambda f: f || '=' || json_extract_string(metadata, '$."' || f || '"')))
        AS cohort
    FROM candidates WHERE json_valid(metadata)
),
counted AS (SELECT cohort, count(*) AS n FROM told WHERE cohort IS NOT NULL GROUP BY cohort)
SELECT
    CAST(approx_quantile(length(question), {short}) AS BIGINT) AS short,
    CAST(approx_quantile(length(question), {long}) AS BIGINT) AS long,
    (SELECT list(struct_pack(cohort := cohort, share := n / (SELECT count(*) FROM candidates))) FROM counted) AS shares
FROM candidates
"""
QUESTIONS = """
WITH {asked}
SELECT question FROM candidates
QUALIFY row_number() OVER (PARTITION BY coalesce(session_id, trace_id) ORDER BY md5(span_id), span_id) = 1
ORDER BY md5(span_id), span_id
LIMIT $at_most
"""
RATED = """
SELECT trace_id, count(*) FILTER (rating = 'positive') AS positive, count(*) FILTER (rating = 'negative') AS negative
FROM feedback WHERE status = 'matched' AND trace_id IS NOT NULL AND start_time >= $start GROUP BY trace_id
"""
BROUGHT = """
SELECT $prefix || feedback_id AS identifier, rating
FROM feedback WHERE status IN ('matched', 'withdrawn') AND start_time >= $start
"""
JUDGED = """
WITH {asked},
known AS (WITH {known}),
judged AS (SELECT *, coalesce({right}, false) AS good, coalesce({wrong}, false) AS failed FROM known)
"""
# Of equal questions one is enough. What is cut is cut by hash, the same in every run.
POOLED = """,
matched AS (
    SELECT
        nearby.*,
        md5(span_id) AS place,
        list_filter([{strata}], lambda title: title IS NOT NULL
            AND NOT list_contains(coalesce(taken.kinds, []), split_part(title, '/', 1))) AS strata,
        list_filter([{rights}], lambda kind: kind IS NOT NULL) AS right_for
    FROM (SELECT *, CAST(0 AS DOUBLE) AS nearest FROM judged) AS nearby
    LEFT JOIN taken USING (span_id)
),
single AS (
    SELECT * FROM matched WHERE len(strata) > 0
    QUALIFY row_number() OVER (PARTITION BY lower(trim(question)), strata ORDER BY place, span_id) = 1
)
SELECT * EXCLUDE (output, metadata, nearest), count(*) OVER (PARTITION BY strata) > $at_most AS cut
FROM single
QUALIFY row_number() OVER (PARTITION BY strata ORDER BY place, span_id) <= $at_most
ORDER BY place, span_id
"""
COMPARED = "SELECT span_id, list_filter([{strata}], lambda title: title IS NOT NULL) AS strata FROM pool"
TRIED = """,
nearby AS (SELECT * {less}, CAST(0 AS DOUBLE) AS nearest FROM judged)
SELECT CAST(({tried}) AS BOOLEAN) FROM nearby
"""


@dataclass(frozen=True)
class Source:
    """The candidates of a window, with the parameters and relations that their queries take."""

    lake: Lake
    project: str
    window: Window
    settings: CurationSettings
    parameters: Mapping[str, Any]
    relations: Mapping[str, pa.Table]

    def sql(
        self, query: str, window: Window, parameters: Mapping[str, Any] | None = None, **relations: pa.Table
    ) -> pa.Table:
        """Run *query*, which goes on after `judged`: the candidates that start in *window*, with `good`, `failed`."""
        settings = self.settings
        before = JUDGED.format(
            asked=_text("asked"), known=_text("candidates"), right=f"({settings.right})", wrong=f"({settings.wrong})"
        )
        given = {**self.parameters, "start": window.start, "end": window.end, **(parameters or {})}
        around = window.around(REACH_HOURS["trace"])
        return self.lake.sql(before + query, self.project, around, given, {**self.relations, **relations})


@dataclass(frozen=True)
class Pool:
    """Candidates that their datasets do not have, and whether there are more of them.

    `rows` has the columns of candidates.sql but for output and metadata, and `good`, `failed`, `strata` (titles),
    `right_for` (kinds of datasets in which the answer given is the right one) and `place`, a hash to order by.
    """

    rows: pa.Table
    cut: bool


def source(
    lake: Lake, project: str, window: Window, settings: CurationSettings, feedback: FeedbackSettings
) -> Source | None:
    """The candidates of *window*; None where nothing was asked."""
    what = {**_asked(settings, window), "cohorts": list(settings.cohorts)}
    (usual,) = lake.sql(USUAL.format(asked=_text("asked"), short=SHORT, long=LONG), project, window, what).to_pylist()
    if usual["short"] is None:
        return None
    relations = _no_rows()
    relations |= {
        "cohort_shares": pa.Table.from_pylist(usual.pop("shares") or [], relations["cohort_shares"].schema),
        "rated": lake.sql(RATED, project, None, {"start": window.start}),
        "brought": lake.sql(BROUGHT, project, None, {"start": window.start, "prefix": FEEDBACK_IDENTIFIER}),
        "thresholds": _thresholds(settings.scores),
    }
    return Source(lake, project, window, settings, {**what, **_labels(settings, feedback), **usual}, relations)


def pool(of: Source, strata: Sequence[Stratum], taken: Mapping[DatasetKind, Iterable[str]], at_most: int) -> Pool:
    """Candidates of each combination of *strata*, *at_most* so many a week, without what datasets have *taken*.

    A stratum that compares with its dataset gets all that may match; `compared` tells which do.
    """
    rights = (f"CASE WHEN {RIGHT[kind]} THEN '{kind}' END" for kind in dict.fromkeys(each.kind for each in strata))
    query = POOLED.format(strata=_matches(strata), rights=", ".join(rights))
    have = _by_span(taken)
    rows = pa.concat_tables(of.sql(query, week, {"at_most": at_most}, taken=have) for week in weeks(of.window))
    return Pool(rows.drop_columns(["cut"]), any(rows["cut"].to_pylist()))


def compared(of: Source, rows: pa.Table, strata: Sequence[Stratum], nearest: Sequence[float]) -> dict[str, list[str]]:
    """By span of the pool's *rows* the names of the *strata* it is in; spans in none are left out.

    *nearest* says for each row how similar the dataset's most similar example is, 0 to 1.
    """
    table = rows.append_column("nearest", pa.array(nearest, pa.float64()))
    found = of.lake.sql(COMPARED.format(strata=_matches(strata)), of.project, relations={"pool": table}).to_pylist()
    return {row["span_id"]: [title.partition("/")[2] for title in row["strata"]] for row in found if row["strata"]}


def asked_questions(lake: Lake, project: str, window: Window, settings: CurationSettings) -> list[str]:
    """Questions of the window's traffic, one of each session, `traffic_sample` at most; drawn by hash."""
    given = {**_asked(settings, window), "at_most": settings.traffic_sample}
    found: list[str] = lake.sql(QUESTIONS.format(asked=_text("asked")), project, window, given)["question"].to_pylist()
    return found


def check(lake: Lake, settings: CurationSettings, strata: Iterable[Stratum]) -> None:
    """Try the settings' own predicates on no rows.

    Raises:
        ConfigurationError: One of them is no predicate over a candidate.
    """
    shipped = CurationSettings()
    parameters = {
        **_labels(settings, FeedbackSettings()),
        "names": [""],
        "question": "$",
        "longest": 0,
        "cohorts": [""],
    }
    of = Source(lake, "", NEVER, shipped, {**parameters, "short": 0, "long": 0}, _no_rows())
    predicates = {"right": settings.right, "wrong": settings.wrong}
    predicates |= {f"strata.{each.kind}.{each.name}": each.predicate for each in strata}
    known = {shipped.right, shipped.wrong, *(predicate for those in SHIPPED.values() for predicate in those.values())}
    for setting, predicate in predicates.items():
        try:
            if predicate not in known:
                of.sql(TRIED.format(tried=predicate, less=NOT_POOLED if NEAREST.search(predicate) else ""), NEVER)
        except StoreError as error:
            raise ConfigurationError(
                f"curation.{setting} {predicate!r} is no predicate over a candidate ({error}). "
                "docs/guides/golden-datasets.md lists the columns."
            ) from error


def weeks(window: Window) -> Iterator[Window]:
    """The window in parts that fit in memory."""
    start = window.start
    while start < window.end:
        yield Window(start, min(start + 7 * DAY, window.end))
        start += 7 * DAY


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def _matches(strata: Iterable[Stratum]) -> str:
    return ", ".join(f"CASE WHEN ({each.predicate}) THEN '{each.title}' END" for each in strata)


def _asked(settings: CurationSettings, window: Window) -> dict[str, Any]:
    """What asked.sql takes."""
    return {
        "names": list(settings.spans),
        "question": f'$."{settings.question}"',
        "longest": settings.longest_characters,
        "start": window.start,
        "end": window.end,
    }


def _labels(settings: CurationSettings, feedback: FeedbackSettings) -> dict[str, Any]:
    """What names and labels say."""
    words = {
        "positive": feedback.positive,
        "negative": feedback.negative,
        "approving": settings.approving,
        "rejecting": settings.rejecting,
    }
    return {
        "blocking": settings.blocking,
        "feedback_names": list(settings.feedback),
        "corrections": list(settings.corrections),
        **{name: [word.lower() for word in those] for name, those in words.items()},
    }


def _no_rows() -> dict[str, pa.Table]:
    columns = {
        "cohort_shares": {"cohort": pa.string(), "share": pa.float64()},
        "brought": {"identifier": pa.string(), "rating": pa.string()},
        "rated": {"trace_id": pa.string(), "positive": pa.int64(), "negative": pa.int64()},
        "thresholds": {"evaluator": pa.string(), "threshold": pa.float64()},
    }
    return {name: pa.schema(list(those.items())).empty_table() for name, those in columns.items()}


def _thresholds(scores: Mapping[str, float]) -> pa.Table:
    return pa.table(
        {"evaluator": pa.array(list(scores), pa.string()), "threshold": pa.array(list(scores.values()), pa.float64())}
    )


def _by_span(taken: Mapping[DatasetKind, Iterable[str]]) -> pa.Table:
    kinds: dict[str, list[str]] = {}
    for kind, span_ids in taken.items():
        for span_id in span_ids:
            kinds.setdefault(span_id, []).append(kind)
    kinds_column = pa.array(list(kinds.values()), pa.list_(pa.string()))
    return pa.table({"span_id": pa.array(list(kinds), pa.string()), "kinds": kinds_column})
