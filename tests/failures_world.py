"""The recipe agent in a project of a test's own: spans in Phoenix and in the lake, a provider, the settings."""

import datetime as dt
from pathlib import Path

from deployments.simulator.agent import STATES
from deployments.simulator.delivery import send
from deployments.simulator.ingested import ingest
from deployments.simulator.simulation import Simulation, simulate
from deployments.simulator.traffic import Traffic
from tasks.shared.records import Window
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake

DAY = dt.date(2026, 11, 19)


def settings_of(provider: str, more: str = "") -> str:
    """nightjar.toml whose models are at *provider*."""
    states = ", ".join(f'"{state}"' for state in STATES)
    return f"""
[judges]
model = "simulated/gpt-4o-mini"
[judges.providers.simulated]
kind = "openai"
base_url = "{provider}/v1"
api_key = "simulated"
[failures]
roots = ["recipe_agent"]
states = [{states}]
{more}
"""


def agent_traffic(project: str, **more: object) -> Simulation:
    """A day of the recipe agent alone, a third of whose runs fail."""
    usual = {"days": 1, "until": DAY, "spans": 300, "chat_share": 0.0, "legacy_share": 0.0, "agent_failure": 0.35}
    return simulate(Traffic(**{"project": project, **usual, **more}))  # type: ignore[arg-type]


async def put_traffic(simulation: Simulation, phoenix_url: str) -> Window:
    """Send it to Phoenix, and put it into the lake as ingestion would."""
    await send(simulation, phoenix_url)
    return ingest(simulation, Lake.open(load_settings().lake))


def write_settings(folder: Path, text: str) -> None:
    """Where the tests' settings are read from."""
    (folder / "nightjar.toml").write_text(text)
