"""Import Great Expectations ahead of its use."""

import functools
import importlib
import threading

from tasks.shared.garbage import keep_for_good, no_search_for_cycles


@functools.cache
def warm_up() -> threading.Thread:
    """Start importing Great Expectations in the background, once per process; returns at once.

    The import takes seconds of pure computing. Begun while a stage waits for Phoenix, it is done when the checks come.
    """
    thread = threading.Thread(target=_import, name="import-great-expectations", daemon=True)
    thread.start()
    return thread


def _import() -> None:
    with no_search_for_cycles():
        importlib.import_module("great_expectations.expectations")
    keep_for_good()
