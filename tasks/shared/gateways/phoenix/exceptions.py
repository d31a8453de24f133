"""Exceptions of spans that did not fail. No projection gives events and no filter knows them: only GraphQL tells them.

That costs Phoenix more than the fast route does for all the rest of a span, so it is asked for chosen traces only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.shared.gateways.phoenix import graphql
from tasks.shared.gateways.phoenix.connection import Connection, Json
from tasks.shared.gateways.phoenix.listed import in_batches
from tasks.shared.gateways.phoenix.projects import Project

SPANS_A_PAGE, TRACES_A_CALL = 1000, 100
EVENTS = """
query Events($project: ID!, $first: Int!, $after: String, $condition: String!) {
  node(id: $project) { ... on Project {
    spans(first: $first, after: $after, filterCondition: $condition) {
      edges { node { spanId events { name attributes } } }
      pageInfo { hasNextPage endCursor }
    }
  } }
}
"""


@dataclass(frozen=True)
class Thrown:
    """The last exception that a span recorded; empty where it says no type or no message."""

    type: str
    message: str


async def quiet_exceptions(connection: Connection, project: Project, trace_ids: Sequence[str]) -> dict[str, Thrown]:
    """By span id, the exceptions of the spans of *trace_ids* whose status is not ERROR."""
    node = (await connection.get(project.path))["data"]["id"]
    found: dict[str, Thrown] = {}
    for some in in_batches(trace_ids, TRACES_A_CALL):
        asked = {"project": node, "condition": f"status_code != 'ERROR' and trace_id in {list(some)!r}"}
        after: str | None = None
        while True:
            answer = await graphql.ask(connection, EVENTS, asked | {"first": SPANS_A_PAGE, "after": after})
            page = answer["node"]["spans"]
            found.update(_thrown(page["edges"]))
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
    return found


def _thrown(edges: Sequence[Json]) -> Iterator[tuple[str, Thrown]]:
    for edge in edges:
        for event in edge["node"]["events"]:
            if event["name"] == "exception":
                said: Json = event["attributes"] or {}
                nested: Json = said.get("exception") or {}
                told = (str(said.get(f"exception.{key}") or nested.get(key) or "") for key in ("type", "message"))
                yield edge["node"]["spanId"], Thrown(*told)
