"""A version of a dataset: what it holds, by which rules, and how Phoenix, the lake and MLflow are told."""

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version as package_version
from typing import Any

import orjson

from tasks.curate.examples import Version
from tasks.curate.strata import strata_of
from tasks.shared.gateways.mlflow import Dataset as DatasetInput
from tasks.shared.gateways.mlflow import Point, Run
from tasks.shared.gateways.phoenix import Example, digest_of
from tasks.shared.records import Window
from tasks.shared.settings import DatasetKind, Settings
from tasks.shared.splits import SPLITS

OWN = "nightjar"  # the key of the dataset's metadata in Phoenix that is ours
DECIDING = ("spans", "question", "scores", "right", "wrong", "size", "growth", "golden_share", "similarity", "feedback")
PEOPLE = ("approving", "rejecting", "corrections", "blocking", "cohorts", "longest_characters")


def rules_of(settings: Settings, kind: DatasetKind, window: Window) -> dict[str, Any]:
    """By which rules a version is curated: what decides which examples it gets."""
    known = settings.curation.model_dump(mode="json", include={*DECIDING, *PEOPLE})
    strata = {each.name: each.predicate for each in strata_of(settings.curation, kind)}
    masks = settings.anonymise.model_dump(mode="json", exclude={"key"})
    words = settings.feedback.model_dump(mode="json", include={"positive", "negative"})
    splits = settings.splits.model_dump(mode="json")
    said = {"strata": strata, "anonymise": masks, "feedback_words": words, "splits": splits}
    return {"kind": kind, "window": str(window), **said, **known}


def counts_of(examples: Sequence[Example], left_out: Mapping[str, int]) -> dict[str, Any]:
    """What a version holds by stratum and split, and what was left out of it."""
    return {
        "strata": _counted(examples, "stratum"),
        "splits": _counted(examples, "split"),
        "with_output": sum(bool(each.output) for each in examples),
        "clusters": len({each.metadata.get("cluster", each.id) for each in examples}),
        "left_out": dict(left_out),
    }


def version_row(
    version: Version,
    examples: Sequence[Example],
    *,
    added: int,
    rules: Mapping[str, Any],
    left_out: Mapping[str, int],
    phoenix_ids: tuple[str, str],
) -> dict[str, Any]:
    """The row of DATASET_VERSIONS; *phoenix_ids* are of the dataset and its version."""
    return {
        "dataset": version.dataset,
        "version": version.name,
        "start_time": version.made_at,
        "digest": digest_of(examples),
        "examples": len(examples),
        "added": added,
        "rules": orjson.dumps(rules, option=orjson.OPT_SORT_KEYS).decode(),
        "counts": orjson.dumps(counts_of(examples, left_out), option=orjson.OPT_SORT_KEYS).decode(),
        "phoenix_dataset_id": phoenix_ids[0],
        "phoenix_version_id": phoenix_ids[1],
        "mlflow_run_id": None,
    }


def described(
    metadata: Mapping[str, Any], project: str, kind: DatasetKind, versions: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The metadata of the dataset in Phoenix: whose it is and its versions, beside what other people keep there."""
    known = {
        row["version"]: {
            "date": f"{row['start_time']:%Y-%m-%d}",
            "version_id": row["phoenix_version_id"],
            "digest": row["digest"],
            "examples": row["examples"],
            "added": row["added"],
        }
        for row in versions
    }
    return {**metadata, OWN: {"project": project, "kind": kind, "versions": known}}


def dataset_run(project: str, row: Mapping[str, Any], url: str, settings: Settings) -> Run:
    """The MLflow run that has the version as its dataset."""
    counts, rules = orjson.loads(row["counts"]), orjson.loads(row["rules"])
    made_ms = int(row["start_time"].timestamp() * 1000)
    numbers = {"examples": row["examples"], "added": row["added"], "with_output": counts["with_output"]}
    numbers |= {f"split/{name}": count for name, count in counts["splits"].items()}
    numbers |= {f"stratum/{name}": count for name, count in counts["strata"].items()}
    return Run(
        project=project,
        kind="dataset",
        name=row["version"],
        subject=row["version"],
        note=f"{row['examples']} examples, {row['added']} new, of the dataset [{row['dataset']}]({url}).",
        points=[Point(_metric(name), float(value), 0, made_ms) for name, value in numbers.items()],
        params={"dataset": row["dataset"], "kind": rules["kind"], "window": rules["window"], "digest": row["digest"]},
        tags={
            "nightjar.dataset": row["dataset"],
            "nightjar.dataset_version": row["version"],
            "nightjar.phoenix_dataset_id": row["phoenix_dataset_id"],
            "nightjar.phoenix_version_id": row["phoenix_version_id"],
            "nightjar.tier": settings.tier,
            "nightjar.owner": settings.owner,
            "nightjar.version": package_version("nightjar"),
            "mlflow.user": settings.owner,
            "mlflow.source.name": "nightjar curation",
            "mlflow.source.type": "JOB",
        },
        artifacts={"rules.json": _pretty(rules), "counts.json": _pretty(counts)},
        dataset=DatasetInput(
            name=row["dataset"],
            digest=row["digest"],
            source=url,
            columns={"input": "string", "output": "string", "metadata": "string"},
            rows=row["examples"],
            use="golden",
        ),
    )


def _counted(examples: Sequence[Example], field: str) -> dict[str, int]:
    found = Counter(str(each.metadata.get(field) or "none") for each in examples)
    first = {name: found[name] for name in SPLITS if field == "split" and name in found}
    return first | {name: count for name, count in sorted(found.items()) if name not in first}


def _metric(name: str) -> str:
    """A name that MLflow takes: strata of examples that people added may be called anything."""
    return "".join(letter if letter.isalnum() or letter in "_-./ " else "_" for letter in name)


def _pretty(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
