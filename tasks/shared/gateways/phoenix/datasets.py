"""Datasets: examples added to what is there, and read back, in any of their versions.

`append` is the only action used. `update`, which the official client calls creating, deletes every example it is not
sent. An example keeps its own id, so that adding it again adds nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import orjson

from tasks.shared.gateways.phoenix import graphql
from tasks.shared.gateways.phoenix.connection import Connection, Json, json_object

EXAMPLES_PER_CALL = 1000
EXAMPLES_PER_PAGE = 1000
# Phoenix stores some 1,000 examples a second, and goes on with a call that was given up.
UPLOAD_SECONDS = 300.0
SPLITS = """
query($id: ID!, $version: ID, $first: Int!, $after: String) { node(id: $id) { ... on Dataset {
  examples(datasetVersionId: $version, first: $first, after: $after) {
    pageInfo { endCursor hasNextPage }
    edges { node { id datasetSplits { name } } }
  } } } }
"""
DESCRIBE = "mutation($input: PatchDatasetInput!) { patchDataset(input: $input) { dataset { id } } }"


@dataclass(frozen=True)
class Example:
    """An example of a dataset. `span_id` links it to the span it came from; one that Phoenix lacks is left out.

    `node_id` is Phoenix's own id, which runs of experiments name; only read examples have it.
    """

    id: str
    input: Mapping[str, Any]
    output: Mapping[str, Any]
    metadata: Mapping[str, Any]
    span_id: str | None = None
    splits: tuple[str, ...] = ()
    node_id: str | None = field(default=None, compare=False)

    @property
    def known_splits(self) -> set[str]:
        """The splits that it is in, by Phoenix or by its own metadata."""
        own = self.metadata.get("split")
        return {*self.splits, *([own] if isinstance(own, str) else [])}


@dataclass(frozen=True)
class Dataset:
    """A dataset as Phoenix has it now."""

    id: str
    name: str
    description: str
    metadata: Mapping[str, Any]
    examples: int


async def append(connection: Connection, name: str, examples: Sequence[Example], description: str) -> int:
    """Add *examples* to the dataset called *name*, which is made when missing; returns how many are new.

    Each call makes one version at most. What Phoenix answers about versions is not told: within a second of another
    version it may name the one before (`latest_version` does not).
    """
    added = 0
    for start in range(0, len(examples), EXAMPLES_PER_CALL):
        some = examples[start : start + EXAMPLES_PER_CALL]
        body = {
            "action": "append",
            "name": name,
            "description": description,
            "inputs": [dict(each.input) for each in some],
            "outputs": [dict(each.output) for each in some],
            "metadata": [dict(each.metadata) for each in some],
            "span_ids": [each.span_id for each in some],
            "example_ids": [each.id for each in some],
            # Where no splits are sent, those that people set stay.
            **({"splits": [list(each.splits) for each in some]} if any(each.splits for each in some) else {}),
        }
        answer = await connection.call(
            "POST",
            "/v1/datasets/upload",
            parameters={"sync": "true"},
            body=body,
            read=json_object,
            timeout_seconds=max(UPLOAD_SECONDS, connection.settings.timeout_seconds),
        )
        added += int(answer["data"]["num_created_examples"])
    return added


async def examples(connection: Connection, name: str, version_id: str | None = None) -> list[Example]:
    """The examples of the dataset called *name*, in *version_id* or its latest version; none where there is none.

    Splits belong to the examples, whatever the version: they are those of now.
    """
    found = await find(connection, name)
    if found is None:
        return []
    path = f"/v1/datasets/{quote(found.id, safe='')}/examples"
    answer = await connection.get(path, {"version_id": version_id} if version_id else None)
    rows = answer["data"]["examples"]
    splits = await _splits(connection, found.id, answer["data"]["version_id"]) if rows else {}
    return [_example(row, splits.get(row["node_id"], ())) for row in rows]


async def find(connection: Connection, name: str) -> Dataset | None:
    """The dataset called *name*; None where there is none."""
    answer = await connection.get("/v1/datasets", {"name": name, "limit": 1})
    if not answer["data"]:
        return None
    row = answer["data"][0]
    return Dataset(row["id"], row["name"], row["description"] or "", row["metadata"] or {}, row["example_count"])


async def latest_version(connection: Connection, dataset_id: str) -> str:
    """Phoenix's id of the newest version of a dataset that has examples."""
    path = f"/v1/datasets/{quote(dataset_id, safe='')}/versions"
    answer = await connection.get(path, {"limit": 1})
    return str(answer["data"][0]["version_id"])


async def describe(connection: Connection, dataset_id: str, metadata: Mapping[str, Any]) -> None:
    """Make *metadata* the metadata of the dataset, in the place of all it had."""
    await graphql.ask(connection, DESCRIBE, {"input": {"datasetId": dataset_id, "metadata": dict(metadata)}})


async def page_of(connection: Connection, name: str) -> str | None:
    """The dataset's page; None where there is no such dataset."""
    found = await find(connection, name)
    return f"{connection.url}/datasets/{quote(found.id, safe='')}" if found else None


def digest_of(examples: Iterable[Example]) -> str:
    """16 hex digits over ids, inputs and outputs of *examples*, in whatever order they are."""
    said = sorted(
        orjson.dumps([each.id, dict(each.input), dict(each.output)], option=orjson.OPT_SORT_KEYS) for each in examples
    )
    return sha256(b"\n".join(said)).hexdigest()[:16]


async def _splits(connection: Connection, dataset_id: str, version_id: str) -> dict[str, tuple[str, ...]]:
    """Names of the splits by example; REST does not tell them."""
    found: dict[str, tuple[str, ...]] = {}
    after: str | None = None
    while True:
        variables = {"id": dataset_id, "version": version_id, "first": EXAMPLES_PER_PAGE, "after": after}
        page = (await graphql.ask(connection, SPLITS, variables))["node"]["examples"]
        for edge in page["edges"]:
            names = (split["name"] for split in edge["node"]["datasetSplits"])
            found[edge["node"]["id"]] = tuple(sorted(names))
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def _example(row: Json, splits: tuple[str, ...]) -> Example:
    return Example(
        id=row["id"],
        input=row["input"],
        output=row["output"],
        metadata=row["metadata"],
        span_id=(row.get("source") or {}).get("span_id"),
        splits=splits,
        node_id=row["node_id"],
    )
