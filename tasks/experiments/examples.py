"""Which examples are asked: those of the splits of a dataset's version, in an order that a hash fixes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from tasks.experiments.schedule import in_order
from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.phoenix import Example, Phoenix, digest_of
from tasks.shared.store.lake import Lake

SEALED = "holdout"
INPUT, QUESTION, OUTPUT = "input", "question", "output"
VERSIONS = """
SELECT version, phoenix_version_id FROM dataset_versions WHERE dataset = $dataset
AND (version = $version OR phoenix_version_id = $version) ORDER BY start_time DESC LIMIT 1
"""
# How Phoenix's ids of dataset versions begin: "DatasetVersion:" in base64.
VERSION_ID = "RGF0YXNldFZlcnNpb2"


@dataclass(frozen=True)
class Question:
    """An example as it is asked. `node_id` is Phoenix's id of it; examples of one `cluster` are not independent."""

    example_id: str
    node_id: str
    input: Mapping[str, Any]
    expected: Mapping[str, Any]
    cluster: str
    stratum: str
    span_name: str
    span_kind: str

    @property
    def text(self) -> str:
        """The question itself: the input called `input` or `question`, or else the whole of it."""
        for name in (INPUT, QUESTION):
            if isinstance(found := self.input.get(name), str):
                return found
        return as_text(dict(self.input))

    @property
    def values(self) -> dict[str, str]:
        """Values for a prompt's variables, `input` and `question` being two names of one thing."""
        return {INPUT: self.text, QUESTION: self.text, **{name: as_text(value) for name, value in self.input.items()}}


@dataclass(frozen=True)
class Asked:
    """The questions of a comparison, in the order in which they are asked, and where they come from.

    `version` is the dataset version's name, or Phoenix's id where it has none; `digest` is over the examples.
    """

    dataset: str
    dataset_id: str
    version: str
    version_id: str
    digest: str
    questions: tuple[Question, ...]
    splits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


async def asked_examples(
    phoenix: Phoenix,
    lake: Lake,
    project: str,
    dataset: str,
    *,
    version: str,
    splits: Sequence[str],
    limit: int | None,
) -> Asked:
    """Read the examples from Phoenix.

    Args:
        phoenix: Where they are.
        lake: Knows the names of versions.
        project: The lake's project.
        dataset: Name of the dataset.
        version: Name of a version, or Phoenix's id of one; the latest when empty.
        splits: Names of the splits; everything when the dataset has none.
        limit: As many of them at most.

    Raises:
        ConfigurationError: There is no such dataset, version or split.
    """
    found = await phoenix.dataset(dataset)
    if found is None:
        raise ConfigurationError(
            f"Phoenix has no dataset {dataset!r}. Run `python -m flows curation`, or name another one (--dataset)."
        )
    version_id = _version_id(lake, project, dataset, version) or await phoenix.latest_dataset_version(found.id)
    examples = await phoenix.examples(dataset, version_id)
    chosen, notes = _of_splits(examples, splits, dataset)
    questions = in_asking_order([_question(example, dataset) for example in chosen])[:limit]
    kept = {question.example_id for question in questions}
    name = _named(lake, project, dataset, version_id) or version_id
    return Asked(
        dataset=dataset,
        dataset_id=found.id,
        version=name,
        version_id=version_id,
        digest=digest_of(example for example in chosen if example.id in kept),
        questions=tuple(questions),
        splits=tuple(sorted({split for example in chosen for split in example.splits} & set(splits))),
        notes=notes,
    )


def in_asking_order(questions: Sequence[Question]) -> list[Question]:
    """*questions* in the order to ask them."""
    by_id = {question.example_id: question for question in questions}
    return [by_id[example] for example in in_order((each.example_id, each.cluster) for each in questions)]


def as_text(value: Any) -> str:
    """A text as it is, anything else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _of_splits(
    examples: Sequence[Example], splits: Sequence[str], dataset: str
) -> tuple[list[Example], tuple[str, ...]]:
    """The examples in *splits*, and what is to be said about it."""
    there = Counter(split for example in examples for split in example.known_splits)
    if not there and examples:
        return list(examples), (f"dataset {dataset} has no splits: all {len(examples)} examples are asked",)
    # What is sealed stays so, even where somebody put it into another split too.
    sealed = set() if SEALED in splits else {SEALED}
    chosen = [each for each in examples if (own := each.known_splits) & set(splits) and not own & sealed]
    if not chosen:
        told = ", ".join(f"{count} in {split}" for split, count in sorted(there.items())) or "none at all"
        raise ConfigurationError(
            f"dataset {dataset!r} has no examples in {', '.join(splits) or 'no split'}; it has {told}. "
            "Name other splits (--splits), or another dataset."
        )
    return chosen, ()


def _question(example: Example, dataset: str) -> Question:
    said = {name: str(value) for name, value in example.metadata.items() if isinstance(value, str) and value}
    return Question(
        example_id=example.id,
        node_id=example.node_id or "",
        input=example.input,
        expected=example.output,
        cluster=said.get("cluster", example.id),
        stratum=said.get("stratum", ""),
        # Of the dataset and not of the comparison, which others with the same experiment may call otherwise.
        span_name=said.get("span_name", dataset),
        span_kind=said.get("span_kind", "CHAIN"),
    )


def _version_id(lake: Lake, project: str, dataset: str, version: str) -> str:
    """Phoenix's id of *version*; empty for the latest."""
    if not version:
        return ""
    known = lake.sql(VERSIONS, project, None, {"dataset": dataset, "version": version}).to_pylist()
    if known:
        return str(known[0]["phoenix_version_id"])
    if version.startswith(VERSION_ID):
        return version
    raise ConfigurationError(
        f"dataset {dataset!r} has no version {version!r} that the lake knows. "
        "See `dataset_versions`, or give Phoenix's id of the version."
    )


def _named(lake: Lake, project: str, dataset: str, version_id: str) -> str:
    known = lake.sql(VERSIONS, project, None, {"dataset": dataset, "version": version_id}).to_pylist()
    return str(known[0]["version"]) if known else ""
