"""What the commands on guidelines read: the ones that stand, those like a text, one with its history."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.knowledge import Guideline, local_vectors, open_store
from tasks.shared.gateways.llm import EmbeddingModels, Errand, Writer, embeddings
from tasks.shared.gateways.phoenix import span_url
from tasks.shared.prices import PriceTable
from tasks.shared.settings import Settings, without_password
from tasks.shared.store.ledger import open_ledger
from tasks.sync.playbook import by_evidence, history, playbook

SEARCH = "guidelines-search"
Vectorising = Callable[[Sequence[str]], Awaitable[Any]]


@dataclass(frozen=True)
class Shown:
    """A guideline, what became of it, and the page of the span that it was learned from."""

    guideline: Guideline
    history: list[str]
    page: str


def standing(settings: Settings, namespace: str) -> list[Guideline]:
    """The guidelines of *namespace*, those with most evidence first."""

    async def read() -> list[Guideline]:
        async with open_store(settings.sync, namespace, reading=True) as store:
            return by_evidence(store.guidelines())

    return asyncio.run(read())


def search(settings: Settings, namespace: str, text: str, most: int) -> list[tuple[Guideline, float]]:
    """The *most* guidelines like *text*, with their cosine."""

    async def read() -> list[tuple[Guideline, float]]:
        async with AsyncExitStack() as stack:
            vectorise = await stack.enter_async_context(vectorising(settings, "by hand", settings.project))
            store = await stack.enter_async_context(open_store(settings.sync, namespace, vectorise, reading=True))
            return await store.similar(text, most)

    return asyncio.run(read())


def show(settings: Settings, namespace: str, name: str) -> Shown:
    """The guideline whose id begins with *name*, also one that does not stand any more.

    Raises:
        ConfigurationError: None or several do.
    """

    async def read() -> Shown:
        async with open_store(settings.sync, namespace, reading=True) as store:
            lessons = store.lessons()
        known = {c.guideline.guideline_id: c.guideline for lesson in lessons for c in lesson.changes}
        found = [each for each in known if each.startswith(name)]
        if len(found) != 1:
            what = "is that of no guideline" if not found else f"is that of {len(found)} guidelines: {', '.join(found)}"
            raise ConfigurationError(f"id {name!r} {what} in {namespace!r}. See python -m flows guidelines list.")
        page = span_url(without_password(settings.phoenix.url), known[found[0]].source_span_id)
        return Shown(known[found[0]], history(found[0], lessons), page)

    return asyncio.run(read())


def export(settings: Settings, namespace: str) -> str:
    """The playbook in Markdown."""
    url = without_password(settings.phoenix.url)
    return playbook(namespace, standing(settings, namespace), lambda span_id: span_url(url, span_id))


@asynccontextmanager
async def vectorising(settings: Settings, run: str, project: str) -> AsyncIterator[Vectorising]:
    """Who makes vectors of texts: the model of the settings, paid like any other call, or the local way."""
    if not settings.sync.embedding_model:
        yield local_vectors
        return
    async with AsyncExitStack() as stack:
        ledger = stack.enter_context(open_ledger(settings.budget, settings.lake))
        models = await stack.enter_async_context(EmbeddingModels(settings.judges))
        prices, errand = PriceTable.shipped(settings.prices), Errand(run, project, SEARCH)
        writer = Writer(models, ledger, prices, settings.budget, errand)

        async def vectorise(texts: Sequence[str]) -> Any:
            return await embeddings(writer, settings.sync.embedding_model, texts)

        yield vectorise
