"""What is logged to MLflow for a comparison: one run, and below it one for each variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import orjson

from tasks.experiments.example_rows import answer_rows, example_rows
from tasks.experiments.figures import by_stratum, figures
from tasks.experiments.flips import counts
from tasks.experiments.report_tables import difference_chart
from tasks.shared.gateways.mlflow import Dataset, Point, Run, run_tags
from tasks.shared.gateways.mlflow.naming import legal, values_of
from tasks.shared.pages.blocks import Chart
from tasks.shared.pages.charts import picture
from tasks.shared.records import Metric

if TYPE_CHECKING:
    from tasks.experiments.comparison import Comparison, Variant
    from tasks.experiments.figures import Figure
    from tasks.experiments.paired import Side
    from tasks.shared.settings import Settings

# MLflow cuts parameters that are longer.
LONGEST_PARAMETER = 6000
COLUMNS = {"input": "string", "output": "string"}


def comparison_run(
    project: str,
    compared: Comparison,
    *,
    settings: Settings,
    dataset_url: str,
    flow_run: Mapping[str, str] | None = None,
    files: Mapping[str, bytes] | None = None,
) -> Run:
    """The run of a comparison with one for each variant below it.

    Args:
        project: The Phoenix project.
        compared: Both variants.
        settings: All settings; of them, who is asked and the tier become tags.
        dataset_url: Where the dataset can be looked at.
        flow_run: `id`, `name` and `url` of the Prefect flow run.
        files: Further artifacts by path: the report.
    """
    found = figures(compared.sides)
    at_ms = _at_ms(compared)
    sides = ((compared.baseline, compared.sides.baseline), (compared.candidate, compared.sides.candidate))
    candidate = compared.candidate.row
    tags = {**run_tags(settings, flow_run, "experiments"), **_tags(compared)}
    return Run(
        project=project,
        kind="comparison",
        name=f"{compared.gate}, {candidate['start_time']:%Y-%m-%d}",
        note=_note(compared, found),
        points=[*_points(_changes(compared, found), at_ms), *_changed(compared, at_ms)],
        subject=compared.subject,
        params=_shared_params(compared),
        tags=tags,
        artifacts={**_pictures(found), **(files or {})},
        tables={"examples": example_rows(compared)},
        dataset=dataset_of(compared, dataset_url),
        children=[
            _variant_run(project, compared, variant, side, found, tags=tags, dataset_url=dataset_url)
            for variant, side in sides
        ],
    )


def dataset_of(compared: Comparison, url: str) -> Dataset:
    """The version of the dataset, by the digest of the examples that were asked."""
    row = compared.candidate.row
    version = row["dataset_version"]
    name = version if version.startswith(row["dataset"]) else f"{row['dataset']} {version}"
    return Dataset(name, row["dataset_digest"], url, COLUMNS, row["examples"], "evaluation")


def _variant_run(
    project: str,
    compared: Comparison,
    variant: Variant,
    side: Side,
    found: Sequence[Figure],
    *,
    tags: Mapping[str, str],
    dataset_url: str,
) -> Run:
    row = variant.row
    is_baseline = variant is compared.baseline
    role = "baseline" if is_baseline else "candidate"
    at_ms = _at_ms(compared)
    mine = [figure.baseline if is_baseline else figure.candidate for figure in found]
    return Run(
        project=project,
        kind="variant",
        name=f"{role}: {row['variant']}",
        note=f"{role.capitalize()} of {compared.gate}: `{row['variant']}` on {row['dataset_version']}.",
        points=[*_points([metric for metric in mine if metric], at_ms), *_answered(side, at_ms)],
        params=_variant_params(variant),
        tags={**tags, "nightjar.role": role, "nightjar.prompt_version": ", ".join(variant.each("prompt_version"))},
        artifacts={"specification.json": row["specification"].encode()},
        tables={"answers": answer_rows(compared, variant)},
        dataset=dataset_of(compared, dataset_url),
    )


def _changed(compared: Comparison, at_ms: int) -> list[Point]:
    """How many examples became worse and better, and how many did not change: exact counts."""
    return [
        Point(legal(f"examples/{name}/{pair.metric}"), count, 0, at_ms)
        for pair in compared.sides.pairs
        for name, count in zip(("worse", "better", "same"), counts(pair), strict=True)
    ]


def _answered(side: Side, at_ms: int) -> list[Point]:
    """How many answers came, and what became of the others."""
    return [Point(legal(f"answers/{status}"), count, 0, at_ms) for status, count in sorted(side.statuses.items())]


def _changes(compared: Comparison, found: Sequence[Figure]) -> list[Metric]:
    """The differences and ratios, and the differences of each stratum."""
    metrics = [figure.change for figure in found if figure.change]
    for stratum, figures_of in by_stratum(compared.sides).items():
        metrics += [
            Metric(f"{change.name}/stratum/{stratum}", change.value, change.n, change.coverage, change.low, change.high)
            for figure in figures_of
            if (change := figure.change)
        ]
    return metrics


def _points(metrics: Sequence[Metric], at_ms: int) -> list[Point]:
    return [Point(legal(name), value, 0, at_ms) for metric in metrics for name, value in values_of(metric).items()]


def _at_ms(compared: Comparison) -> int:
    """When the candidate began: the same for the same comparison."""
    return int(compared.candidate.row["start_time"].timestamp() * 1000)


def _shared_params(compared: Comparison) -> dict[str, str]:
    row = compared.candidate.row
    return {
        "gate": compared.gate,
        "baseline": compared.baseline.row["variant"],
        "candidate": row["variant"],
        "dataset": row["dataset"],
        "dataset_version": row["dataset_version"],
        "dataset_digest": row["dataset_digest"],
        "examples": str(compared.sides.asked),
        "examples_planned": str(compared.sides.planned),
        "repetitions": str(row["repetitions"]),
    }


def _variant_params(variant: Variant) -> dict[str, str]:
    row, specification = variant.row, variant.specification
    return {
        "variant": row["variant"],
        "experiment": row["experiment"],
        "specification": row["specification"][:LONGEST_PARAMETER],
        "model": ", ".join(variant.each("model")) or "untold",
        "prompt_version": ", ".join(variant.each("prompt_version")) or "none",
        "parameters": orjson.dumps(specification.get("parameters") or {}, option=orjson.OPT_SORT_KEYS).decode(),
        "dataset": row["dataset"],
        "dataset_version": row["dataset_version"],
        "dataset_digest": row["dataset_digest"],
        "repetitions": str(row["repetitions"]),
    }


def _tags(compared: Comparison) -> dict[str, str]:
    row = compared.candidate.row
    tags = {
        "nightjar.gate": compared.gate,
        "nightjar.baseline": compared.baseline.row["experiment"],
        "nightjar.candidate": row["experiment"],
        "nightjar.dataset": row["dataset"],
        "nightjar.dataset_version": row["dataset_version"],
        "nightjar.prompt_version": ", ".join(compared.candidate.each("prompt_version")),
        "nightjar.verdict": compared.verdict.outcome if compared.verdict else "",
        "mlflow.source.git.commit": row["git_sha"] or "",
    }
    return {name: value for name, value in tags.items() if value}


def _pictures(found: Sequence[Figure]) -> dict[str, bytes]:
    drawn = {"differences": difference_chart([f for f in found if f.unit == "score"]), "ratios": _ratio_chart(found)}
    return {f"plots/{name}.png": picture(chart) for name, chart in drawn.items() if chart}


def _ratio_chart(found: Sequence[Figure]) -> Chart | None:
    """By how much more or less the candidate takes."""
    rows = [
        (change.name.removeprefix("ratio/"), *(None if end is None else end - 1 for end in _ends(change)))
        for figure in found
        if (change := figure.change) and figure.unit != "score"
    ]
    series = ("change", "low", "high")
    return Chart("What the candidate takes more or less", "dots", "", series, rows, "difference") if rows else None


def _ends(metric: Metric) -> tuple[float, float | None, float | None]:
    return metric.value, metric.low, metric.high


def _note(compared: Comparison, found: Sequence[Figure]) -> str:
    """Markdown: what was compared, the verdict, the differences."""
    row, verdict = compared.candidate.row, compared.verdict
    variants = f"`{row['variant']}` against `{compared.baseline.row['variant']}`"
    examples = f"{compared.sides.asked} of {compared.sides.planned} examples"
    lines = [
        f"# {compared.gate}",
        "",
        f"{variants} on {row['dataset_version']}, {examples}.",
        "",
        *([f"**{verdict.outcome}**: {verdict.reason}", ""] if verdict else []),
        "| | value | 95 % interval | n | coverage |",
        "|---|---:|---|---:|---:|",
        *(_line(figure.change) for figure in found if figure.change),
    ]
    return "\n".join(lines)


def _line(change: Metric) -> str:
    interval = "" if change.low is None else f"{change.low:.4g} to {change.high:.4g}"
    return f"| {change.name} | {change.value:.4g} | {interval} | {change.n} | {change.coverage:.0%} |"
