"""What only Phoenix's GraphQL offers: the splits of examples, the metadata of a dataset, cost."""

from collections.abc import Mapping
from typing import Any

from tasks.shared.errors import ServiceRefused
from tasks.shared.gateways.phoenix.connection import Connection, Json, json_object


async def ask(connection: Connection, query: str, variables: Mapping[str, Any]) -> Json:
    """The `data` of the answer to *query*.

    Raises:
        ServiceRefused: Phoenix answered with errors, which GraphQL sends with status 200.
    """
    answer = await connection.call(
        "POST", "/graphql", body={"query": query, "variables": dict(variables)}, read=json_object
    )
    if answer.get("errors"):
        words = "; ".join(str(error.get("message")) for error in answer["errors"])
        raise ServiceRefused(
            f"Phoenix at {connection.url} refused a GraphQL request: {words[:300]}. Check Phoenix's version "
            "and log, and that what is asked for still exists."
        )
    data: Json = answer["data"]
    return data
