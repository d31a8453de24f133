"""How far the judges can be trusted: pass rates raw and corrected, the judges beside people, bias, drift, cost."""

from collections.abc import Sequence
from typing import Any

from tasks.reports.evidence import Evidence, Section
from tasks.reports.judge_figures import JudgeFigures, judge_figures, judge_rows
from tasks.reports.judge_warnings import remarks, warnings
from tasks.shared.pages.blocks import Block, Cell, Chart, Interval, Link, Measure, Number, Table, Text
from tasks.shared.pages.wording import number, shortened
from tasks.shared.records import Metric
from tasks.shared.statistics.agreement import most_ambiguous

DISPUTED_SHOWN = 5
RATES = (("pass_rate", "by the judge"), ("pass_rate_corrected", "corrected"), ("pass_rate_ppi", "by its own labels"))
DIFFERENT = """
SELECT evaluator, any_value(decisions.unit) AS unit, max_by(decisions.unit_id, decisions.start_time) AS unit_id
FROM decisions JOIN annotations
    ON annotations.name = evaluator AND annotations.unit = decisions.unit AND annotations.unit_id = decisions.unit_id
WHERE kind = 'llm' AND status = 'scored' AND annotator_kind = 'HUMAN'
    AND lower(trim(annotations.label)) <> lower(decisions.label)
GROUP BY evaluator
"""
SEVERAL = """
SELECT name, unit, unit_id, list(lower(trim(label)) ORDER BY label) AS labels FROM annotations
WHERE annotator_kind = 'HUMAN' AND label IS NOT NULL AND name IN (SELECT evaluator FROM decisions WHERE kind = 'llm')
GROUP BY name, unit, unit_id HAVING count(*) > 1 ORDER BY name, unit_id
"""


def judges(evidence: Evidence) -> list[Block]:
    """What to know first, then the figures of each judge."""
    rows = judge_rows(evidence)
    found = judge_figures(evidence, rows)
    if not found:
        return [Table("Judges", ("Judge",), [], empty=f"No judge has decided anything for this {evidence.edition}.")]
    rated = [judge for judge in found if "pass_rate" in judge.metrics]
    labelled = [judge for judge in found if judge.value("judge_labels")]
    blocks: list[Block] = [Text(text, "warning") for text in warnings(found)]
    blocks += [Text(text, "note") for text in remarks(found)]
    blocks += [_chart(rated)] if rated else []
    blocks += [_pass_rates(evidence, rated)] if rated else []
    blocks += [_beside_people(evidence, labelled)] if labelled else []
    blocks += [table for table in (_signs(evidence, found), _disputed(evidence)) if table.rows]
    return [*blocks, _cost(evidence, rows)]


def _chart(rated: Sequence[JudgeFigures]) -> Chart:
    shown = [(group, said) for group, said in RATES if any(group in judge.metrics for judge in rated)]
    series = [name for _, said in shown for name in (said, f"low, {said}", f"high, {said}")]
    rows = [(judge.name, *(end for group, _ in shown for end in _ends(judge.metrics.get(group)))) for judge in rated]
    return Chart("Share of units that pass", "dots", "Judge", tuple(series), rows, "share")


def _ends(metric: Metric | None) -> tuple[float | None, float | None, float | None]:
    return (metric.value, metric.low, metric.high) if metric else (None, None, None)


def _pass_rates(evidence: Evidence, rated: Sequence[JudgeFigures]) -> Table:
    columns: dict[str, list[Cell]] = {"Judge": [judge.name for judge in rated]}
    for group, said in RATES:
        columns |= _with_interval(rated, group, f"Pass, {said}", f"95 %, {said}", "share")
    raw = [judge.metrics["pass_rate"] for judge in rated]
    columns["Missing: all fail, all pass"] = [
        None if m.worst is None else f"{number(m.worst, 'share')}, {number(m.best, 'share')}" for m in raw
    ]
    columns["n"] = [Number(metric.n) for metric in raw]
    columns["Coverage"] = [Number(metric.coverage, "share") for metric in raw]
    columns["Evidence"] = [_worst(evidence, judge) for judge in rated]
    return _filled(
        "How often units pass",
        columns,
        note="Corrected: what people would pass, by how often the judge was wrong on units they labelled. By its "
        f"own labels: the same by labels of this {evidence.edition}'s units, where they were drawn at random. A dash: "
        "labels allow no such figure.",
    )


def _beside_people(evidence: Evidence, labelled: Sequence[JudgeFigures]) -> Table:
    differing = {row["evaluator"]: row for row in evidence.rows(DIFFERENT)}
    columns: dict[str, list[Cell]] = {
        "Judge": [judge.name for judge in labelled],
        "Labels": [Number(judge.value("judge_labels")) for judge in labelled],
        **_with_interval(labelled, "judge_tpr", "Good: passes", "95 %, good", "share"),
        **_with_interval(labelled, "judge_tnr", "Bad: fails", "95 %, bad", "share"),
        **_with_interval(labelled, "judge_kappa", "Kappa", "95 %, kappa", "score"),
        **_with_interval(labelled, "annotator_agreement", "Among people", "95 %, people", "score"),
        "Evidence": [_differing(evidence, differing.get(judge.name)) for judge in labelled],
    }
    return _filled(
        "The judge beside people",
        columns,
        note="By people's labels of the last days: how many of the units they call good the judge passes, how many of "
        "the bad it fails. Kappa, and among people Krippendorff's alpha: 1 is full agreement, 0 that of chance. No "
        "judge can agree better with people than they do among themselves.",
    )


def _signs(evidence: Evidence, found: Sequence[JudgeFigures]) -> Table:
    groups = ("length_correlation", "position_disagreement", "anchor_agreement", "judge_agreement", "score_chained")
    shown = [judge for judge in found if any(group in judge.metrics for group in (*groups, "judge_drift"))]
    columns: dict[str, list[Cell]] = {
        "Judge": [judge.name for judge in shown],
        **_with_interval(shown, "length_correlation", "Score and length", "95 %, length", "score"),
        **_with_interval(shown, "position_disagreement", "Order decided", "95 %, order", "share"),
        **_with_interval(shown, "anchor_agreement", "Anchors as at first", "95 %, anchors", "share"),
        "Drift of anchors": _shares(shown, "anchor_drift"),
        **_with_interval(shown, "judge_agreement", "Verdict as people's", "95 %, verdict", "share"),
        "Drift from people": _shares(shown, "judge_drift"),
        **_with_interval(shown, "score_chained", "Score, as the earlier version's", "95 %, score", "score"),
        "Evidence": [_worst(evidence, judge) for judge in shown],
    }
    note = "Score and length: Spearman's correlation, 0 is none. Drift is in parts of its limit: 100 % is an alarm."
    return _filled("Signs of bias and drift", columns, note)


def _shares(judges: Sequence[JudgeFigures], group: str) -> list[Cell]:
    """The values of a metric that has no interval."""
    return [Number(metric.value, "share") if (metric := judge.metrics.get(group)) else None for judge in judges]


def _disputed(evidence: Evidence) -> Table:
    """Units of the day on which people differ most, judge by judge."""
    rows = evidence.rows(SEVERAL)
    table: list[tuple[Cell, ...]] = []
    for name in dict.fromkeys(row["name"] for row in rows):
        mine = [row for row in rows if row["name"] == name]
        for unit in most_ambiguous([row["labels"] for row in mine], limit=DISPUTED_SHOWN):
            row = mine[unit.index]
            link = evidence.links.to(row["unit"], row["unit_id"], row["unit_id"][:8])
            table.append((name, shortened(", ".join(row["labels"]), 80), Number(unit.ratings), link))
    return Table("Where people differ", ("Judge", "Their labels", "n", "Evidence"), table)


def _cost(evidence: Evidence, rows: Sequence[dict[str, Any]]) -> Table:
    counts = ("units", "asked", "reused", "pending", "budget_stopped", "unparseable", "errored")
    total = number(sum(row["cost_usd"] for row in rows), "usd")
    return Table(
        "Judging",
        ("Judge", "Version", "Model", *(name.replace("_", " ").capitalize() for name in counts), "Cost", "Evidence"),
        [
            (
                row["evaluator"],
                row["version"],
                shortened(row["models"], 60) if row["models"] else None,
                *(Number(row[name]) for name in counts),
                Number(row["cost_usd"], "usd"),
                evidence.links.to(row["unit"], row["worst"], f"worst {row['unit']}"),
            )
            for row in rows
        ],
        note=f"Judging this {evidence.edition} cost {total}. Reused answers, to questions that were asked before, cost "
        "nothing. The judges' test questions come on top.",
    )


def _with_interval(
    judges: Sequence[JudgeFigures], group: str, title: str, interval: str, measure: Measure
) -> dict[str, list[Cell]]:
    """A column of the metric and one of its interval, with a dash where a judge has none; none where nobody has it."""
    metrics = [judge.metrics.get(group) for judge in judges]
    if not any(metrics):
        return {}
    return {
        title: [Number(metric.value if metric else None, measure) for metric in metrics],
        interval: [Interval(metric.low, metric.high, measure) if metric else None for metric in metrics],
    }


def _filled(title: str, columns: dict[str, list[Cell]], note: str) -> Table:
    """The table of the columns in which anything stands."""
    kept = {name: cells for name, cells in columns.items() if any(cell is not None for cell in cells)}
    return Table(title, tuple(kept), list(zip(*kept.values(), strict=True)), note=note)


def _worst(evidence: Evidence, judge: JudgeFigures) -> Link | None:
    return evidence.links.to(judge.row["unit"], judge.row["worst"], f"worst {judge.row['unit']}")


def _differing(evidence: Evidence, row: dict[str, Any] | None) -> Link | None:
    return evidence.links.to(row["unit"], row["unit_id"], "difference") if row else None


SECTION = Section(order=72, title="Judges", build=judges)
