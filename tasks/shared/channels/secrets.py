"""Channels' secrets that lie in a vault: the settings name them, and whoever knows the vault hands them out."""

import logging
from collections.abc import Awaitable, Callable, Collection

from tasks.shared.errors import ConfigurationError, ServiceUnavailable
from tasks.shared.settings import Settings

log = logging.getLogger(__name__)


async def with_channel_secrets(
    settings: Settings, names: Collection[str], secret: Callable[[str], Awaitable[str]]
) -> Settings:
    """The settings with what the `secret_blocks` of the channels *names* stand for.

    *secret* gets it by the block's name, and raises ValueError, as Prefect does, where there is none, or
    ServiceUnavailable: that channel then lacks the key, which is told when something is to be sent, and the others do
    not.
    """
    channels = dict(settings.channels)
    for name in sorted(channels.keys() & set(names)):
        try:
            found = {key: await _opened(secret, block) for key, block in channels[name].secret_blocks.items()}
        except (ConfigurationError, ServiceUnavailable) as error:
            log.warning("the channel %s lacks a secret: %s", name, error)
        else:
            channels[name] = channels[name].with_own(found)
    return settings.model_copy(update={"channels": channels})


async def _opened(secret: Callable[[str], Awaitable[str]], block: str) -> str:
    try:
        return await secret(block)
    except ValueError as error:
        raise ConfigurationError(f"there is no Prefect Secret block {block!r}. Create it.") from error
