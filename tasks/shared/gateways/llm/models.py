"""The models of a run, by `provider/model`: made once, with one pace per provider, closed together."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Self

import orjson

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.llm import bedrock
from tasks.shared.gateways.llm.batches import Batches, open_batches
from tasks.shared.gateways.llm.exchanges import noting_client_class, noting_httpx_class
from tasks.shared.gateways.llm.model import Model
from tasks.shared.gateways.llm.pace import Pace
from tasks.shared.gateways.llm.traces import JudgeTraces
from tasks.shared.settings import PROVIDER_KINDS, JudgeSettings, ProviderKind, ProviderSettings


class Models:
    """Use it as an asynchronous context manager, in one event loop: the SDKs' connections belong to it."""

    def __init__(self, settings: JudgeSettings, traces: JudgeTraces | None = None) -> None:
        """Calls are traced to *traces*, where given."""
        self.settings, self.traces = settings, traces
        self._paces: dict[str, Pace] = {}
        self._adapters: dict[tuple[str, int], Any] = {}
        self._batches: dict[bytes, Batches] = {}
        self._clients: list[Any] = []

    async def __aenter__(self) -> Self:
        """Nothing is opened before the first call."""
        # phoenix-evals' adapters log every failed attempt as an error; what came of it is the caller's to say.
        logging.getLogger("phoenix.evals").setLevel(logging.CRITICAL)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        for client in self._clients:
            await client.aclose()
        if self.traces is not None:
            await asyncio.to_thread(self.traces.close)

    def pace(self, name: str) -> Pace:
        """The pace of the provider in *name* (`provider/model`)."""
        provider, _ = split(name)
        if provider not in self._paces:
            found = provider_settings(self.settings, provider)
            self._paces[provider] = Pace(found.in_flight, found.requests_per_second)
        return self._paces[provider]

    def model(self, name: str, max_output_tokens: int, options: Mapping[str, Any] | None = None) -> Model:
        """The model called *name* (`provider/model`), which writes at most *max_output_tokens*.

        Raises:
            ConfigurationError: There is no such provider, or it lacks a key.
        """
        provider, model = split(name)
        found = with_key(self.settings, provider)
        key = (name, max_output_tokens)
        if key not in self._adapters:
            self._adapters[key] = self._adapter(provider, found, model, max_output_tokens)
        client = _client_of(found.kind, model)
        limit = found.output_limit or OUTPUT_LIMIT[client]
        limits = {limit: max_output_tokens} if OUTPUT_LIMIT[client] else {}
        given = {**limits, **_as_taken(client, options or {})}
        return Model(name, self._adapters[key], found.timeout_seconds, given, self.traces)

    def batches(self, name: str, max_output_tokens: int, options: Mapping[str, Any] | None = None) -> Batches:
        """The batches of the model called *name*, with the requests that `model` would send.

        Raises:
            ConfigurationError: As for `model`, or the provider's batches are none that Nightjar knows.
        """
        key = orjson.dumps([name, max_output_tokens, options], str)
        if key not in self._batches:
            model = self.model(name, max_output_tokens, options)
            found, settings = provider_settings(self.settings, split(name)[0]), self.settings
            self._batches[key] = open_batches(model, found, settings.attempts, settings.backoff_seconds, self._opened)
        return self._batches[key]

    def _adapter(self, name: str, provider: ProviderSettings, model: str, max_output_tokens: int) -> Any:
        from phoenix.evals import LLM

        try:
            llm = LLM(
                provider=bedrock.provider_of(model) if provider.kind == "bedrock" else provider.kind,
                model=model,
                **self._client_options(provider, max_output_tokens),
            )
        except ValueError as error:
            raise ConfigurationError(
                f"provider {name!r} cannot be used: {error}. Correct [judges.providers.{name}]."
            ) from error
        # Private, and the version is pinned below 4. LLM's own method puts a limiter in front that stops everything
        # for five seconds at the first 429, and a tracer that takes a tenth of the time.
        return llm._async_adapter

    def _client_options(self, provider: ProviderSettings, max_output_tokens: int) -> dict[str, Any]:
        key = None if provider.api_key is None else provider.api_key.get_secret_value()
        if provider.kind == "google":
            client = self._opened(noting_httpx_class()(timeout=provider.timeout_seconds))
            http = {
                "httpx_async_client": client,
                "extra_body": {"generationConfig": {"maxOutputTokens": max_output_tokens}},
            }
            if provider.base_url:
                http["base_url"] = provider.base_url
            return {"http_options": http, **({"api_key": key} if key else {})}
        options: dict[str, Any] = {"timeout": provider.timeout_seconds}
        if provider.kind == "bedrock":
            options |= {"aws_region": provider.region} if provider.region else {}
        elif key:
            options["api_key"] = key
        if provider.kind == "azure":
            options |= {"azure_endpoint": provider.base_url, "api_version": provider.api_version}
        elif provider.base_url:
            options["base_url"] = provider.base_url
        client = self._opened(noting_client_class()(timeout=provider.timeout_seconds))
        return {**options, "async_client_kwargs": {"http_client": client}}

    def _opened(self, client: Any) -> Any:
        self._clients.append(client)
        return client


OUTPUT_LIMIT = {"openai": "max_completion_tokens", "anthropic": "max_tokens", "google": ""}


def _client_of(kind: ProviderKind, model: str) -> str:
    """Whose client asks *model* at a provider of that kind."""
    if kind == "bedrock":
        return "anthropic" if bedrock.is_anthropic(model) else "openai"
    return "openai" if kind == "azure" else kind


def _as_taken(client: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """*options* as the client takes them: Anthropic's refuses some of the API's parameters by name, temperature too."""
    if client != "anthropic" or not options:
        return options
    return {"extra_body": {**{k: v for k, v in options.items() if k != "extra_body"}, **options.get("extra_body", {})}}


def split(name: str) -> tuple[str, str]:
    """Provider and model of `provider/model`. Raises ConfigurationError for anything else."""
    provider, slash, model = name.partition("/")
    if not (provider and slash and model):
        raise ConfigurationError(f"model {name!r} is not understood. Write provider/model, as in openai/gpt-4o-mini.")
    return provider, model


def with_key(settings: JudgeSettings, name: str) -> ProviderSettings:
    """`provider_settings` of a provider that can be asked. Raises ConfigurationError for one that lacks its key."""
    found = provider_settings(settings, name)
    if found.kind != "bedrock" and found.api_key is None:
        raise ConfigurationError(
            f"provider {name!r} has no key. Set NIGHTJAR_JUDGES__PROVIDERS__{name.upper()}__API_KEY, the variable "
            "that its own client documents, or api_key_block (a server that needs none takes any text)."
        )
    return found


def provider_settings(settings: JudgeSettings, name: str) -> ProviderSettings:
    """The settings of the provider called *name*; a kind without settings has the defaults of its kind."""
    if name in settings.providers:
        return settings.providers[name]
    if name in PROVIDER_KINDS:
        return ProviderSettings(kind=name)
    raise ConfigurationError(
        f"provider {name!r} is not configured. Add [judges.providers.{name}] with its kind "
        f"({', '.join(PROVIDER_KINDS)}), or use one of these as the provider."
    )
