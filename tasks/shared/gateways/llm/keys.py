"""Providers' keys that lie in a vault: the settings name them, and whoever knows the vault hands them out."""

from collections.abc import Awaitable, Callable

from pydantic import SecretStr

from tasks.shared.settings import Settings


async def with_keys(settings: Settings, secret: Callable[[str], Awaitable[str]]) -> Settings:
    """The settings with the key of each provider whose `api_key_block` names one; *secret* gets it by that name."""
    providers = dict(settings.judges.providers)
    for name, provider in providers.items():
        if provider.api_key_block:
            key = SecretStr(await secret(provider.api_key_block))
            providers[name] = provider.model_copy(update={"api_key": key})
    return settings.model_copy(update={"judges": settings.judges.model_copy(update={"providers": providers})})
