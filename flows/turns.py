"""Turns at the MLflow runs of days: one flow at a time, so that the later word is the one that stays."""

from contextlib import AbstractAsyncContextManager

from prefect.concurrency.asyncio import concurrency

# A run that was killed gives its turn back after this; Prefect takes no less.
LEASE_SECONDS = 60


def tracking_turn() -> AbstractAsyncContextManager[None]:
    """Wait for the turn to write to the days' runs, and keep it for the block."""
    return concurrency("nightjar-tracking", occupy=1, strict=False, lease_duration=LEASE_SECONDS)
