"""When not to look for garbage: a search for cycles visits every object alive, again and again while many are made."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_open_blocks: list[None] = []


@contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Free objects by their reference counts alone for as long as the block lasts, in the whole process.

    For work that makes many objects and no cycles: imports, and rows on their way from JSON to Arrow, where the search
    takes as long as the work. Blocks may overlap; the last one to end turns the search on again.
    """
    _open_blocks.append(None)
    gc.disable()
    try:
        yield
    finally:
        _open_blocks.pop()
        if not _open_blocks:
            gc.enable()


def keep_for_good() -> None:
    """Leave what is alive now out of every later search: modules, and all that their import made."""
    gc.freeze()
