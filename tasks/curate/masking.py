"""The anonymiser of a dataset, with the settings' key, or with one that is made once and kept in the lake."""

import secrets

from tasks.shared.anonymise import Anonymiser
from tasks.shared.settings import AnonymiseSettings
from tasks.shared.store.lake import Lake

KEY_FILE = "curation/mask.key"


def anonymiser_of(dataset: str, settings: AnonymiseSettings, lake: Lake) -> Anonymiser:
    """The anonymiser of *dataset*: the same value gets the same mask in it, in every run."""
    key = settings.key.get_secret_value().encode() if settings.key else kept_key(lake)
    return Anonymiser(key, dataset, settings)


def kept_key(lake: Lake) -> bytes:
    """The lake's key, made when missing. Whoever can read it there can read the raw texts beside it."""
    with lake.one_writer("mask-key"):
        key = lake.get_file(KEY_FILE)
        if key is None:
            made = secrets.token_hex(32).encode()
            lake.put_file(KEY_FILE, made)
            # On S3, where no lock holds others off, what lies there counts.
            key = lake.get_file(KEY_FILE) or made
    return key
