"""What the evaluators say, and how much of the traffic they speak for."""

from math import isclose
from typing import Any

from tasks.reports.changes import metric_change
from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Block, Cell, Chart, Interval, Number, Table, Text
from tasks.shared.pages.wording import number, shortened
from tasks.shared.statistics.intervals import student

STATUSES = ("scored", "not_applicable", "sampled_out", "errored", "unparseable", "budget_stopped", "pending")
EVALUATORS = f"""
SELECT evaluator, version, any_value(unit) AS unit, any_value(kind) AS kind, any_value(direction) AS direction,
    count(*) AS units, {", ".join(f"count(*) FILTER (status = '{s}') AS {s}" for s in STATUSES)},
    count(score) FILTER (status = 'scored') AS n,
    fsum(score / inclusion_probability) FILTER (status = 'scored' AND score IS NOT NULL)
        / fsum(1 / inclusion_probability) FILTER (status = 'scored' AND score IS NOT NULL) AS mean,
    min(inclusion_probability) = max(inclusion_probability) AS even,
    stddev_samp(score) FILTER (status = 'scored') AS spread, min(score) >= 0 AND max(score) <= 1 AS in_unit_interval,
    CASE WHEN any_value(direction) = 'minimize' THEN max_by(unit_id, score) ELSE min_by(unit_id, score) END AS worst,
    max_by(explanation, start_time) FILTER (status = 'errored') AS error,
    max_by(unit_id, start_time) FILTER (status <> 'scored') AS unscored
FROM decisions GROUP BY evaluator, version ORDER BY evaluator, version
"""
LABELS = """
SELECT evaluator, version, label, count(*) AS n FROM decisions WHERE status = 'scored' AND label IS NOT NULL
GROUP BY evaluator, version, label ORDER BY n DESC, label
"""
CORRECTED = "pass_rate_corrected"
BETTER = {"maximize": "higher", "minimize": "lower"}


def scores(evidence: Evidence) -> list[Block]:
    """Mean, interval and coverage by evaluator, then where the rest of the units went."""
    found = [_with_estimate(evidence, row) for row in evidence.rows(EVALUATORS)]
    if not found:
        return [
            Table(
                "Scores by evaluator",
                ("Evaluator",),
                [],
                empty=f"No evaluator has decided anything for this {evidence.edition}.",
            )
        ]
    dots = [(_name(r, found), r["mean"], r["low"], r["high"]) for r in found if r["n"] and r["in_unit_interval"]]
    chart = Chart("Mean score by evaluator", "dots", "Evaluator", ("mean", "low", "high"), dots, "score")
    return [*_errored(found), *([chart] if dots else []), _means(evidence, found), _coverage(evidence, found)]


def _with_estimate(evidence: Evidence, row: dict[str, Any]) -> dict[str, Any]:
    """The row with the interval, bounds and coverage that tracking published, or else its own interval and coverage."""
    metric = evidence.metrics.get((f"score/{row['evaluator']}", ""))
    if metric and metric.n == row["n"] and isclose(metric.value, row["mean"], abs_tol=1e-6):
        ends = {"low": metric.low, "high": metric.high, "if_worst": metric.worst, "if_best": metric.best}
        return {**row, **ends, "coverage": metric.coverage}
    n, applicable = row["n"], row["units"] - row["not_applicable"]
    interval = student(row["mean"], row["spread"] / n**0.5, n) if n > 1 and row["even"] else None
    low, high = interval or (None, None)
    unknown = {"if_worst": None, "if_best": None}
    coverage = row["scored"] / applicable if applicable else None
    return {**row, **unknown, "low": low, "high": high, "coverage": coverage}


def _means(evidence: Evidence, found: list[dict[str, Any]]) -> Table:
    labels: dict[tuple[str, str], list[str]] = {}
    for row in evidence.rows(LABELS):
        labels.setdefault((row["evaluator"], row["version"]), []).append(f"{row['label']} {row['n']:,}")
    return Table(
        "Scores by evaluator",
        (
            "Evaluator",
            "Version",
            "Unit",
            "Kind",
            "Better",
            "Mean",
            "95 % interval",
            "n",
            "Coverage",
            "Change",
            "Passes",
            "Passes, corrected",
            "95 %, corrected",
            "Missing: all worst, all best",
            "Labels",
            "Evidence",
        ),
        [
            (
                row["evaluator"],
                row["version"],
                row["unit"],
                row["kind"],
                BETTER.get(row["direction"]),
                Number(row["mean"], "score"),
                Interval(row["low"], row["high"], "score"),
                Number(row["n"] or row["scored"]),
                Number(row["coverage"], "share"),
                _change(evidence, row),
                *_passes(evidence, row["evaluator"]),
                _bounds(row),
                shortened(", ".join(labels.get((row["evaluator"], row["version"]), [])), 80),
                evidence.links.to(row["unit"], row["worst"], f"worst {row['unit']}"),
            )
            for row in found
        ],
        note="Coverage is the share of applicable units that were scored. Means speak for all of them, sampled or not. "
        "Where scores are missing that should be there, two more numbers say what the mean would be had all of them "
        f"been the worst, or the best. Change is that of the mean against {evidence.before.window}. Passes, of judges: "
        "the share of units that pass, by the judge, and with the judge's errors taken out by people's labels.",
    )


def _change(evidence: Evidence, row: dict[str, Any]) -> Cell:
    """How far the published mean moved; nothing where this row is not what was published."""
    name = (f"score/{row['evaluator']}", "")
    now = evidence.metrics.get(name)
    same = now is not None and row["mean"] is not None and isclose(now.value, row["mean"], abs_tol=1e-6)
    return metric_change(now, evidence.before.metrics.get(name), "score") if same else None


def _passes(evidence: Evidence, evaluator: str) -> tuple[Cell, Cell, Cell]:
    raw, corrected = (evidence.metrics.get((f"{group}/{evaluator}", "")) for group in ("pass_rate", CORRECTED))
    return (
        Number(raw.value, "share") if raw else None,
        Number(corrected.value, "share") if corrected else None,
        Interval(corrected.low, corrected.high, "share") if corrected else None,
    )


def _bounds(row: dict[str, Any]) -> str | None:
    """What the mean would be if every missing score were the worst, and the best; nothing where none is missing."""
    if row["if_worst"] is None:
        return None
    return ", ".join(number(row[end], "score") for end in ("if_worst", "if_best"))


def _coverage(evidence: Evidence, found: list[dict[str, Any]]) -> Table:
    return Table(
        "Decisions by status",
        ("Evaluator", "Units", *(status.replace("_", " ") for status in STATUSES), "Evidence"),
        [
            (
                _name(row, found),
                Number(row["units"]),
                *(Number(row[s]) for s in STATUSES),
                evidence.links.to(row["unit"], row["unscored"], f"latest {row['unit']} without a score")
                or evidence.links.to(row["unit"], row["worst"], f"worst {row['unit']}"),
            )
            for row in found
        ],
        note="Every eligible unit has one decision per evaluator, so a missing score always has a reason.",
    )


def _errored(found: list[dict[str, Any]]) -> list[Block]:
    failed = [row for row in found if row["errored"]]
    if not failed:
        return []
    listed = "; ".join(
        f"{_name(row, found)} on {row['errored']:,} of {row['units']:,} units, last: {shortened(row['error'], 100)}"
        for row in failed
    )
    return [Text(f"Evaluators failed: {listed}", "warning")]


def _name(row: dict[str, Any], found: list[dict[str, Any]]) -> str:
    """The evaluator's name, with its version where there are two."""
    versions = sum(other["evaluator"] == row["evaluator"] for other in found)
    return f"{row['evaluator']} v{row['version']}" if versions > 1 else str(row["evaluator"])


SECTION = Section(order=70, title="Scores", build=scores)
