"""Channels' secrets that lie in a vault: the settings name them, and whoever knows the vault hands them out."""

from collections.abc import Awaitable, Callable, Collection

from tasks.shared.settings import Settings


async def with_channel_secrets(
    settings: Settings, names: Collection[str], secret: Callable[[str], Awaitable[str]]
) -> Settings:
    """The settings with what the `secret_blocks` of the channels *names* stand for; *secret* gets it by block name."""
    channels = dict(settings.channels)
    for name in channels.keys() & set(names):
        blocks = channels[name].secret_blocks
        if blocks:
            channels[name] = channels[name].with_own({key: await secret(block) for key, block in blocks.items()})
    return settings.model_copy(update={"channels": channels})
