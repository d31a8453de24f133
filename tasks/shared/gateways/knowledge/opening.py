"""The back end that the settings name, opened for one namespace; and the lock of whoever syncs into it."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.knowledge.files import held
from tasks.shared.gateways.knowledge.filesystem import FilesystemStore
from tasks.shared.gateways.knowledge.milvus import MilvusStore
from tasks.shared.gateways.knowledge.store import KnowledgeStore, Vectorise
from tasks.shared.settings import SyncSettings

NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@asynccontextmanager
async def open_store(
    settings: SyncSettings, namespace: str, vectorise: Vectorise | None = None
) -> AsyncIterator[KnowledgeStore]:
    """The store of *namespace*, closed at the end of the block; without *vectorise* nothing can be searched or learned.

    Raises:
        ConfigurationError: The namespace's name is none, or the back end cannot be used.
        ServiceUnavailable: The back end does not answer.
    """
    _checked(namespace)
    store: KnowledgeStore
    if settings.store == "milvus":
        token = settings.milvus_token.get_secret_value() if settings.milvus_token else None
        store = await MilvusStore.opened(_address(settings), token, namespace, vectorise, settings.form)
    else:
        store = FilesystemStore(_folder(settings), namespace, vectorise, settings.form)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def only_sync(settings: SyncSettings, namespace: str) -> Iterator[None]:
    """Nobody else on this machine syncs into *namespace* meanwhile. Raises Inconclusive where somebody does."""
    with held(_folder(settings) / _checked(namespace) / "sync.lock", wait=False):
        yield


def _checked(namespace: str) -> str:
    if not NAMESPACE.fullmatch(namespace):
        raise ConfigurationError(
            f"namespace {namespace!r} is no name. Write up to 64 letters, digits, dots, dashes and underscores."
        )
    return namespace


def _folder(settings: SyncSettings) -> Path:
    return Path(settings.folder).expanduser()


def _address(settings: SyncSettings) -> str:
    """A server's URL, or the path of a local file, whose folder is made."""
    if "://" not in settings.milvus_uri:
        Path(settings.milvus_uri).expanduser().parent.mkdir(parents=True, exist_ok=True)
    return settings.milvus_uri
