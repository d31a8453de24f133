"""Models on AWS Bedrock through the SDKs of those who made them: phoenix-evals offers Bedrock through LiteLLM only.

Anthropic's models go through Anthropic's client (Bedrock's InvokeModel), all others through OpenAI's client for
Bedrock's OpenAI-compatible endpoint, which serves OpenAI's open models and some of other makers.
"""

from typing import Any

ANTHROPIC, OPENAI = "nightjar-bedrock-anthropic", "nightjar-bedrock-openai"


def is_anthropic(model: str) -> bool:
    """Whether *model* is Anthropic's: an id, one of an inference profile (`eu.anthropic.claude-...`), or an ARN."""
    return "anthropic." in model


def provider_of(model: str) -> str:
    """The name under which phoenix-evals has the provider of *model* now."""
    from phoenix.evals.llm.registries import PROVIDER_REGISTRY

    name = ANTHROPIC if is_anthropic(model) else OPENAI
    if not PROVIDER_REGISTRY.get_provider_registrations(name):
        (_register_anthropic if name == ANTHROPIC else _register_openai)(PROVIDER_REGISTRY)
    return name


def _register_anthropic(registry: Any) -> None:
    from phoenix.evals.llm.adapters import AnthropicAdapter
    from phoenix.evals.llm.adapters.anthropic.factories import AnthropicClientWrapper

    def client(model: str, is_async: bool = False, **options: Any) -> Any:
        import anthropic

        client_class = anthropic.AsyncAnthropicBedrock if is_async else anthropic.AnthropicBedrock
        return AnthropicClientWrapper(client_class(max_retries=0, **options), model)

    registry.register_provider(
        provider=ANTHROPIC, adapter_class=AnthropicAdapter, client_factory=client, dependencies=["anthropic", "boto3"]
    )


def _register_openai(registry: Any) -> None:
    from phoenix.evals.llm.adapters import OpenAIAdapter
    from phoenix.evals.llm.adapters.openai.factories import OpenAIClientWrapper

    def client(model: str, is_async: bool = False, **options: Any) -> Any:
        import openai

        client_class = openai.AsyncBedrockOpenAI if is_async else openai.BedrockOpenAI
        return OpenAIClientWrapper(client_class(max_retries=0, **options), model)

    registry.register_provider(
        provider=OPENAI, adapter_class=OpenAIAdapter, client_factory=client, dependencies=["openai", "boto3"]
    )
