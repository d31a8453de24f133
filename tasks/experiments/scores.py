"""From the lake to two variants side by side: their answers, and what the evaluators say of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import fsum
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tasks.experiments.calibrations import calibrations
from tasks.experiments.paired import Paired, Side, Sides
from tasks.shared.errors import Inconclusive
from tasks.shared.store.lake import Lake

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

EXPERIMENT = "SELECT * FROM experiments WHERE experiment = $experiment ORDER BY start_time LIMIT 1"
# An answer that was errored and asked again on another day is the later one.
RUNS = """
SELECT example_id, repetition, cluster, stratum, status, trace_id, span_id, latency_ms, cost_usd,
    prompt_tokens + completion_tokens AS tokens
FROM experiment_runs WHERE experiment = $experiment
QUALIFY row_number() OVER (PARTITION BY example_id, repetition ORDER BY status = 'answered' DESC, start_time DESC) = 1
ORDER BY example_id, repetition
"""
DECIDED = """
SELECT evaluator, version, unit_id, status, score, direction, kind, decided_at, cost_usd FROM decisions
SEMI JOIN units USING (unit_id) WHERE list_contains($metrics, evaluator) AND unit IN ('span', 'trace')
"""


@dataclass(frozen=True)
class Answers:
    """One experiment: its row of `experiments`, its runs, and the decisions on them."""

    experiment: Mapping[str, Any]
    runs: Sequence[Mapping[str, Any]]
    decisions: Sequence[Mapping[str, Any]]


def read_sides(
    lake: Lake,
    project: str,
    baseline: str,
    candidate: str,
    metrics: Iterable[str],
    *,
    clusters: Mapping[str, str] | None = None,
    calibration_days: int = 90,
) -> Sides:
    """Both experiments side by side, over the examples that were asked of both.

    *clusters* are those of all planned examples by id, where they are known.

    Raises:
        Inconclusive: an experiment is not in the lake, or the two were not asked the same examples.
    """
    names = tuple(metrics)
    sides = [_answers(lake, project, experiment, names) for experiment in (baseline, candidate)]
    planned = {(side.experiment["dataset_digest"], side.experiment["examples"]) for side in sides}
    if len(planned) > 1:
        raise Inconclusive(
            f"experiments {baseline} and {candidate} were asked other examples. Run both on one version of the dataset."
        )
    versions = {name: _version(name, sides) for name in names}
    known = calibrations(lake, project, versions, calibration_days)
    found = side_by_side(sides[0], sides[1], versions, known.by_metric, known.doubts)
    return found if clusters is None else replace(found, coming=_coming(clusters, found.example_ids))


def _coming(clusters: Mapping[str, str], asked: Sequence[str]) -> tuple[str, ...]:
    """The clusters of the examples that are not *asked*."""
    done = set(asked)
    return tuple(cluster for example, cluster in clusters.items() if example not in done)


def side_by_side(
    baseline: Answers,
    candidate: Answers,
    versions: Mapping[str, str],
    known: Mapping[str, Any],
    doubts: tuple[str, ...] = (),
) -> Sides:
    """The same from rows; *versions* are those of the evaluators that count, *known* the judges' calibrations."""
    ids = tuple(sorted(_asked(baseline) & _asked(candidate)))
    examples = _examples(candidate.runs)
    clusters, strata = (tuple(examples[each][field] for each in ids) for field in ("cluster", "stratum"))
    scored = [_scored(answers, versions) for answers in (baseline, candidate)]
    together = partial(Paired, example_ids=ids, clusters=clusters, strata=strata)
    pairs = tuple(
        together(
            metric=metric,
            version=version,
            calibration=known.get(metric),
            **_paired(ids, [side[metric] for side in scored]),
        )
        for metric, version in versions.items()
    )
    return Sides(
        ids,
        clusters,
        strata,
        _side(baseline, ids, scored[0]),
        _side(candidate, ids, scored[1]),
        pairs,
        int(candidate.experiment["examples"]),
        doubts,
    )


@dataclass
class _Scores:
    """One metric of one side: scores by example, which examples it does not apply to, what is missing and why.

    `lost` counts the repetitions without a score by example.
    """

    scores: dict[str, list[float]]
    inapplicable: set[str]
    missing: Counter[str]
    directions: set[str]
    kinds: set[str]
    lost: Counter[str] = field(default_factory=Counter)

    def share(self, example: str) -> float:
        """The share of the example's repetitions that have a score, of those that the metric applies to."""
        scored = len(self.scores.get(example, ()))
        return scored / (scored + self.lost[example]) if scored else 0.0


def _answers(lake: Lake, project: str, experiment: str, metrics: Sequence[str]) -> Answers:
    found = lake.sql(EXPERIMENT, project, None, {"experiment": experiment}).to_pylist()
    if not found:
        raise Inconclusive(f"experiment {experiment} is not in the lake of project {project}. Run it first.")
    runs = lake.sql(RUNS, project, None, {"experiment": experiment}).to_pylist()
    units = sorted({run[unit] for run in runs for unit in ("span_id", "trace_id")})
    relation = {"units": pa.table({"unit_id": pa.array(units, pa.string())})}
    asked = {"metrics": list(metrics)}
    decisions = lake.sql(DECIDED, found[0]["traced_in"], None, asked, relation).to_pylist() if units else []
    return Answers(found[0], runs, decisions)


def _version(metric: str, sides: Iterable[Answers]) -> str:
    """The version that decided last on either side: the other side's decisions by another one are no match for it."""
    decided = [row for side in sides for row in side.decisions if row["evaluator"] == metric]
    return max(decided, key=lambda row: (row["decided_at"], row["version"]))["version"] if decided else ""


def _examples(runs: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The first run of each example."""
    found: dict[str, Mapping[str, Any]] = {}
    for run in runs:
        found.setdefault(run["example_id"], run)
    return found


def _asked(answers: Answers) -> set[str]:
    """The examples that were asked as often as was planned, whether they were answered or not."""
    counts = Counter(run["example_id"] for run in answers.runs)
    return {example for example, count in counts.items() if count >= answers.experiment["repetitions"]}


def _scored(answers: Answers, versions: Mapping[str, str]) -> dict[str, _Scores]:
    by_unit = {(row["evaluator"], row["version"], row["unit_id"]): row for row in answers.decisions}
    found: dict[str, _Scores] = {}
    for metric, version in versions.items():
        one = found[metric] = _Scores(defaultdict(list), set(), Counter(), set(), set())
        for run in answers.runs:
            units = (by_unit.get((metric, version, run[unit])) for unit in ("span_id", "trace_id"))
            _note(one, run, next((row for row in units if row), None))
        one.inapplicable -= set(one.scores)
    return found


def _note(one: _Scores, run: Mapping[str, Any], decision: Mapping[str, Any] | None) -> None:
    """Take in what was decided on one answer; an answer that is not there cannot have been decided on."""
    status = run["status"] if run["status"] != "answered" else decision["status"] if decision else "undecided"
    if decision:
        one.directions.add(decision["direction"] or "maximize")
        one.kinds.add(decision["kind"])
    if decision and status == "scored" and decision["score"] is not None:
        one.scores[run["example_id"]].append(decision["score"])
    elif status == "not_applicable":
        one.inapplicable.add(run["example_id"])
    else:
        one.missing["without_score" if status == "scored" else status] += 1
        one.lost[run["example_id"]] += 1


def _paired(ids: tuple[str, ...], sides: Sequence[_Scores]) -> dict[str, Any]:
    """The fields of `Paired` that the scores of both sides say."""
    import numpy as np

    baseline, candidate = (_means(ids, side.scores) for side in sides)
    single = {score for side in sides for scores in side.scores.values() for score in scores}
    neither = [all(each in side.inapplicable for side in sides) for each in ids]
    return {
        "direction": "minimize" if {d for side in sides for d in side.directions} == {"minimize"} else "maximize",
        "baseline": baseline,
        "candidate": candidate,
        "eligible": ~np.array(neither, dtype=bool),
        "binary": single <= {0.0, 1.0},
        "judged": any("llm" in side.kinds for side in sides),
        "shares": np.array([min(side.share(each) for side in sides) for each in ids]),
    }


def _side(answers: Answers, ids: tuple[str, ...], scored: Mapping[str, _Scores]) -> Side:
    took: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for run in answers.runs:
        for name in ("cost_usd", "latency_ms", "tokens"):
            if run["status"] == "answered" and run[name] is not None:
                took[name][run["example_id"]].append(float(run[name]))
    examples = _examples(answers.runs)
    return Side(
        experiment=answers.experiment["experiment"],
        variant=answers.experiment["variant"],
        traced_in=answers.experiment["traced_in"],
        statuses=dict(Counter(run["status"] for run in answers.runs)),
        cost_usd=_means(ids, took["cost_usd"]),
        latency_ms=_means(ids, took["latency_ms"]),
        tokens=_means(ids, took["tokens"]),
        traces=tuple(examples[each]["trace_id"] for each in ids),
        missing={metric: dict(one.missing) for metric, one in scored.items() if one.missing},
        judging_usd=fsum(row["cost_usd"] for row in answers.decisions),
    )


def _means(ids: Sequence[str], values: Mapping[str, Sequence[float]]) -> Array:
    """The mean for each of *ids* (n,), nan where there is none."""
    import numpy as np

    return np.array([float(np.mean(values[each])) if values.get(each) else np.nan for each in ids], dtype=float)
