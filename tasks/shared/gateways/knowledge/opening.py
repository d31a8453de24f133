"""The back end that the settings name, opened for one namespace; the lock of whoever syncs into it, and his notes."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.knowledge.files import held
from tasks.shared.gateways.knowledge.filesystem import FilesystemStore
from tasks.shared.gateways.knowledge.milvus import MilvusStore, is_local
from tasks.shared.gateways.knowledge.passed_over import PassedOver
from tasks.shared.gateways.knowledge.store import KnowledgeStore, Vectorise
from tasks.shared.settings import SyncSettings

NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@asynccontextmanager
async def open_store(
    settings: SyncSettings, namespace: str, vectorise: Vectorise | None = None, *, reading: bool = False
) -> AsyncIterator[KnowledgeStore]:
    """The store of *namespace*, closed at the end of the block; without *vectorise* nothing can be searched or learned.

    Opened for *reading*, a namespace that is not there is empty, and nothing is made or written.

    Raises:
        ConfigurationError: The namespace's name is none, or the back end cannot be used.
        ServiceUnavailable: The back end does not answer.
    """
    _checked(namespace)
    store: KnowledgeStore
    if settings.store == "milvus":
        token = settings.milvus_token.get_secret_value() if settings.milvus_token else None
        uri = settings.milvus_uri if reading else _address(settings)
        store = await MilvusStore.opened(uri, token, namespace, vectorise, settings.form, reading=reading)
    else:
        store = FilesystemStore(_folder(settings), namespace, vectorise, settings.form, reading=reading)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def only_sync(settings: SyncSettings, namespace: str) -> Iterator[None]:
    """Nobody else on this machine syncs into *namespace* meanwhile. Raises Inconclusive where somebody does."""
    with held(_folder(settings) / _checked(namespace) / "sync.lock", wait=False):
        yield


def passed_over(settings: SyncSettings, namespace: str) -> PassedOver:
    """The spans of *namespace* that hold nothing new, as this machine knows them."""
    return PassedOver(_folder(settings) / _checked(namespace) / "passed-over.txt")


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
    if is_local(settings.milvus_uri):
        Path(settings.milvus_uri).expanduser().parent.mkdir(parents=True, exist_ok=True)
    return settings.milvus_uri
