"""Embeddings of OpenAI's interface (OpenAI, Azure, servers like them), paid and kept like any other writing.

A model of embeddings is a model whose answer is text: vectors as 4-byte floats in base64. So a `Writer` over
`EmbeddingModels` reserves before each call, settles after it, tries again, and finds what was paid for.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from tasks.shared.errors import ConfigurationError, Inconclusive, ServiceUnavailable
from tasks.shared.gateways.llm.models import Models
from tasks.shared.gateways.llm.writer import Writer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tasks.shared.gateways.llm.prompts import Messages
    from tasks.shared.settings import ProviderSettings

    Vectors = NDArray[np.float64]

TEXTS_A_CALL = 64


class EmbeddingModels(Models):
    """The same providers, asked for vectors."""

    def _adapter(self, name: str, provider: ProviderSettings, model: str, max_output_tokens: int) -> Any:
        import openai

        if provider.kind not in ("openai", "azure"):
            raise ConfigurationError(
                f"provider {name!r} is of kind {provider.kind}, which has no embeddings that Nightjar knows. Name a "
                "model of a provider of kind openai or azure, or leave prompts.embedding_model empty."
            )
        if provider.api_key is None:
            raise ConfigurationError(f"provider {name!r} has no key. Set [judges.providers.{name}] api_key.")
        options = self._client_options(provider, max_output_tokens)
        http = options.pop("async_client_kwargs")
        client_class = openai.AsyncAzureOpenAI if provider.kind == "azure" else openai.AsyncOpenAI
        return _Adapter(client_class(max_retries=0, **http, **options), model)


@dataclass(frozen=True)
class _Adapter:
    """Looks like one of phoenix-evals' adapters that writes text; of the options of a call none is for embeddings."""

    client: Any
    model: str

    async def async_generate_text(self, messages: Messages, **_options: Any) -> str:
        """The vectors of the messages' contents, in order."""
        texts = [message["content"] for message in messages]
        made = await self.client.embeddings.create(model=self.model, input=texts, encoding_format="base64")
        found = {each.index: each.embedding for each in made.data}
        return orjson.dumps([found[number] for number in range(len(texts))]).decode()


async def embeddings(writer: Writer, name: str, texts: Sequence[str]) -> Vectors:
    """Vectors (len(texts), dimensions), each of length 1, of the model called *name* (`provider/model`).

    Raises:
        Inconclusive: A budget has no room for it.
        ServiceUnavailable: The provider does not answer.
    """
    import numpy as np

    found: list[Vectors] = []
    for start in range(0, len(texts), TEXTS_A_CALL):
        messages = [{"role": "user", "content": text} for text in texts[start : start + TEXTS_A_CALL]]
        written = await writer.write(name, messages, max_output_tokens=0)
        if written.status == "budget_stopped":
            raise Inconclusive(f"no embeddings of {name}: {written.trouble}.")
        if written.status == "errored":
            raise ServiceUnavailable(f"no embeddings of {name}: {written.trouble}.")
        found += [np.frombuffer(base64.b64decode(each), "<f4").astype(float) for each in orjson.loads(written.text)]
    vectors: Vectors = np.array(found)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors
