"""The secret that masks are made with. It lies beside the originals: who can read it needs no mask undone."""

import logging
import secrets

from tasks.shared.errors import StoreError
from tasks.shared.settings import AnonymiseSettings
from tasks.shared.store.lake import Lake

FILE = "mask.key"
BYTES = 32
log = logging.getLogger(__name__)


def mask_key(lake: Lake, settings: AnonymiseSettings) -> bytes:
    """The settings' key, else the lake's own, which the first who asks makes.

    Object stores have no lock: where two processes make the first key of a lake on S3 at once, one of them uses a key
    that nobody has afterwards. Set `anonymise.key` there.
    """
    if settings.key:
        return settings.key.get_secret_value().encode()
    with lake.one_writer(FILE):
        kept = lake.get_file(FILE)
        if kept is None:
            lake.put_file(FILE, secrets.token_bytes(BYTES))
            log.info("made the key of masks, %s", lake.location(FILE))
            kept = lake.get_file(FILE)
    if kept is None or len(kept) != BYTES:
        raise StoreError(f"{lake.location(FILE)} is no key of masks. Restore it, or remove it for other masks.")
    return kept
