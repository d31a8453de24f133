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

    name, sdk = (ANTHROPIC, _anthropic) if is_anthropic(model) else (OPENAI, _openai)
    if not PROVIDER_REGISTRY.get_provider_registrations(name):
        adapter, wrapper, clients = sdk()

        def client(model: str, is_async: bool = False, **options: Any) -> Any:
            return wrapper(clients[is_async](max_retries=0, **options), model)

        PROVIDER_REGISTRY.register_provider(
            provider=name, adapter_class=adapter, client_factory=client, dependencies=["boto3"]
        )
    return name


def _anthropic() -> tuple[Any, Any, dict[bool, Any]]:
    """phoenix-evals' adapter and wrapper, and the SDK's clients: plain and asynchronous."""
    import anthropic
    from phoenix.evals.llm.adapters import AnthropicAdapter
    from phoenix.evals.llm.adapters.anthropic.factories import AnthropicClientWrapper

    return (
        AnthropicAdapter,
        AnthropicClientWrapper,
        {False: anthropic.AnthropicBedrock, True: anthropic.AsyncAnthropicBedrock},
    )


def _openai() -> tuple[Any, Any, dict[bool, Any]]:
    import openai
    from phoenix.evals.llm.adapters import OpenAIAdapter
    from phoenix.evals.llm.adapters.openai.factories import OpenAIClientWrapper

    return OpenAIAdapter, OpenAIClientWrapper, {False: openai.BedrockOpenAI, True: openai.AsyncBedrockOpenAI}
