"""What is logged to MLflow for one day."""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import orjson
import pyarrow as pa

from tasks.shared.gateways.mlflow import Dataset, Point, Run, run_tags
from tasks.shared.gateways.mlflow.naming import legal, values_of
from tasks.shared.records import Metric, Window
from tasks.shared.settings import Settings
from tasks.shared.store.report_files import REPORT_PAGE
from tasks.shared.store.tables import SPANS
from tasks.tracking.evidence import Evidence
from tasks.tracking.plots import bars
from tasks.tracking.wording import note

PASS_RATES = ("pass_rate/", "pass_rate_corrected/", "pass_rate_ppi/")


def day_run(
    project: str,
    window: Window,
    metrics: Sequence[Metric],
    evidence: Evidence,
    *,
    settings: Settings,
    source: str,
    report: bytes | None = None,
    flow_run: Mapping[str, str] | None = None,
) -> Run:
    """The run of one UTC day.

    Args:
        project: The Phoenix project.
        window: The day.
        metrics: Its summary metrics.
        evidence: What they were computed from.
        settings: All settings; secrets and addresses are left out of what is logged.
        source: Where the day's spans lie.
        report: The day's HTML report, where there is one.
        flow_run: `id`, `name` and `url` of the Prefect flow run.
    """
    day = window.start.date().isoformat()
    recorded = recorded_settings(settings)
    links = [("Prefect flow run", (flow_run or {}).get("url", ""))]
    return Run(
        project=project,
        kind="day",
        name=day,
        date=day,
        note=note(f"{project}, {day}", metrics, links),
        points=[
            Point(name, value, 0, int(window.end.timestamp() * 1000))
            for metric in metrics
            for name, value in values_of(metric).items()
        ],
        params=_params(window, evidence, recorded),
        tags=run_tags(settings, flow_run, "tracking"),
        artifacts=_artifacts(metrics, recorded, report),
        dataset=Dataset(f"{project} spans {day}", evidence.digest, source, _columns(), evidence.rows),
    )


# Settings that have addresses or commands in them, and no say in a day's figures; of some tables, these keys.
ELSEWHERE: dict[str, set[str] | bool] = {
    **dict.fromkeys(("lake", "local", "mlflow", "prefect_api_url", "phoenix"), True),
    **dict.fromkeys(("channels", "sync", "gates", "experiments", "prompts"), True),
    "judges": {"providers", "folder", "label_files"},
    "budget": {"ledger"},
    "feedback": {"endpoint_url"},
    "reports": {"url"},
}


def recorded_settings(settings: Settings) -> dict[str, Any]:
    """The settings that decide what is computed: no secrets, no commands, and nothing of where anything is."""
    return settings.model_dump(mode="json", exclude=ELSEWHERE) | {
        "extra_attributes": list(settings.phoenix.extra_attributes)
    }


def settings_digest(recorded: Mapping[str, Any]) -> str:
    """Sixteen hex digits that change when the recorded settings do."""
    return hashlib.sha256(orjson.dumps(recorded, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _params(window: Window, evidence: Evidence, recorded: Mapping[str, Any]) -> dict[str, str]:
    versions = {legal(f"evaluator/{name}"): number for name, number in evidence.evaluators.items()}
    judges = {legal(f"judge_model/{name}"): ", ".join(models) for name, models in evidence.judge_models.items()}
    return {
        "window": str(window),
        "models": ", ".join(evidence.models)[:6000] or "none",
        "settings_digest": settings_digest(recorded),
        "nightjar_version": version("nightjar"),
        **versions,
        **judges,
    }


def _artifacts(metrics: Sequence[Metric], recorded: Mapping[str, Any], report: bytes | None) -> dict[str, bytes]:
    rows = [asdict(metric) for metric in metrics]
    table = io.StringIO()
    writer = csv.DictWriter(table, list(Metric.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    artifacts = {
        "metrics.csv": table.getvalue().encode(),
        "metrics.json": orjson.dumps(rows, option=orjson.OPT_INDENT_2),
        "settings.json": orjson.dumps(recorded, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS),
        **{f"plots/{name}.svg": svg.encode() for name, svg in _plots(metrics).items()},
    }
    return artifacts | ({REPORT_PAGE: report} if report else {})


def _plots(metrics: Sequence[Metric]) -> dict[str, str]:
    scores = [m for m in metrics if m.name.startswith("score/") and not m.dimension]
    rates = sorted((m for m in metrics if m.name.startswith(PASS_RATES)), key=lambda m: m.name.split("/")[::-1])
    cost = sorted(
        (m for m in metrics if m.name == "cost_usd" and m.dimension.startswith("model=")), key=lambda m: -m.value
    )
    latency = sorted((m for m in metrics if m.name == "latency_ms/p95" and m.dimension), key=lambda m: -m.value)
    plots = {}
    if scores:
        plots["scores"] = bars("Mean score by evaluator, 95 % interval", scores)
    if rates:
        plots["pass_rates"] = bars("Pass rates by judge: raw, corrected, PPI++; 95 % interval", rates, largest=1.0)
    if cost:
        plots["cost"] = bars("Cost by model", cost[:20], "USD")
    if latency:
        plots["latency"] = bars("p95 latency by span name, 95 % interval", latency[:20], "ms")
    return plots


def _columns() -> dict[str, str]:
    return {field.name: _mlflow_type(field.type) for field in SPANS.schema}


def _mlflow_type(kind: pa.DataType) -> str:
    names = {pa.types.is_integer: "long", pa.types.is_floating: "double", pa.types.is_timestamp: "datetime"}
    return next((name for matches, name in names.items() if matches(kind)), "string")
