"""What Phoenix says model calls cost, which only its GraphQL tells: by model over a window, in one request."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tasks.shared.gateways.phoenix import graphql
from tasks.shared.gateways.phoenix.connection import Connection, Json
from tasks.shared.gateways.phoenix.projects import Project
from tasks.shared.records import Window

MOST_MODELS = 2000
COSTS = """
query Costs($project: ID!, $window: TimeRange!) {
  node(id: $project) { ... on Project { topModelsByCost(timeRange: $window) {
    name namePattern kind createdAt startTime
    costSummary(projectId: $project, timeRange: $window) { total { cost tokens } }
    tokenPrices { tokenType kind costPerMillionTokens }
  } } }
}
"""
MODELS = """
query Models($first: Int!) {
  generativeModels(first: $first) { edges { node { name namePattern kind createdAt startTime } } }
}
"""


@dataclass(frozen=True)
class PricedModel:
    """A model that Phoenix has a price for: spans whose model's name `pattern` is found in, from `since` on.

    `added_at` is when Phoenix got the price: it prices a span when it takes it in, and never again.
    """

    name: str
    pattern: str
    own: bool
    added_at: dt.datetime
    since: dt.datetime | None

    def matches(self, model: str) -> bool:
        """Whether Phoenix could take a span of *model* for this one."""
        return re.search(self.pattern, model) is not None


@dataclass(frozen=True)
class ModelCost:
    """What Phoenix booked for one of its models in a window: USD and tokens of the spans that it priced.

    `prices` are USD per million tokens by (token type, whether prompt), as they are now.
    """

    model: PricedModel
    cost_usd: float
    tokens: int
    prices: Mapping[tuple[str, bool], float] = field(default_factory=dict)


async def model_costs(connection: Connection, project: Project, window: Window) -> list[ModelCost]:
    """Phoenix's cost of the spans that start in *window*, by its models, dearest first.

    Spans that it had no price for when they came in are in none of them.
    """
    found = await connection.get(project.path)
    times = {"start": window.start.isoformat(), "end": window.end.isoformat()}
    answer = await graphql.ask(connection, COSTS, {"project": found["data"]["id"], "window": times})
    return [_cost(row) for row in answer["node"]["topModelsByCost"]]


async def priced_models(connection: Connection) -> list[PricedModel]:
    """Every model that Phoenix has a price for now, those that people added first."""
    answer = await graphql.ask(connection, MODELS, {"first": MOST_MODELS})
    return [_model(edge["node"]) for edge in answer["generativeModels"]["edges"]]


def _cost(row: Json) -> ModelCost:
    total = row["costSummary"]["total"]
    prices = {
        (price["tokenType"], price["kind"] == "PROMPT"): price["costPerMillionTokens"] for price in row["tokenPrices"]
    }
    return ModelCost(_model(row), total["cost"] or 0.0, int(total["tokens"] or 0), prices)


def _model(row: Json) -> PricedModel:
    since = row["startTime"] and dt.datetime.fromisoformat(row["startTime"])
    added = dt.datetime.fromisoformat(row["createdAt"])
    return PricedModel(row["name"], row["namePattern"], row["kind"] == "CUSTOM", added, since or None)
