"""A window, and Phoenix gateways to the real server or through a faulty proxy before it."""

import datetime as dt
from collections.abc import AsyncIterator, Callable

import pytest

from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.records import RawSpan, Window
from tasks.shared.settings import PhoenixSettings
from tests.conftest import Servers
from tests.shared.gateways.phoenix.faulty import FaultyPhoenix

HOUR = dt.datetime(2026, 3, 1, 5, tzinfo=dt.UTC)
WINDOW = Window(HOUR, HOUR + dt.timedelta(hours=1))


@pytest.fixture
def settings(servers: Servers) -> Callable[..., PhoenixSettings]:
    """Settings for the real server, quick to give up unless a test says otherwise."""

    def make(**changes: object) -> PhoenixSettings:
        return PhoenixSettings(**({"url": servers.phoenix_url, "attempts": 3, "backoff_seconds": 0.01} | changes))

    return make


@pytest.fixture
async def faulty(servers: Servers) -> AsyncIterator[FaultyPhoenix]:
    """A proxy before the real server, which fails as a test plans."""
    async with FaultyPhoenix(servers.phoenix_url) as proxy:
        yield proxy


async def fetched(phoenix: Phoenix, project: str, paths: list[str], **options: object) -> list[RawSpan]:
    """Every span of WINDOW, in the order they came."""
    return [span async for chunk in phoenix.spans(project, WINDOW, paths, **options) for span in chunk]
