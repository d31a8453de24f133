"""The search for cycles stands still inside the blocks, and only there."""

import gc

import pytest

from tasks.shared.garbage import no_search_for_cycles


def test_overlapping_blocks_end_with_the_last_one() -> None:
    first, second = no_search_for_cycles(), no_search_for_cycles()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    second.__exit__(None, None, None)
    assert gc.isenabled()


def test_an_error_turns_the_search_on_again() -> None:
    with pytest.raises(KeyError), no_search_for_cycles():
        raise KeyError
    assert gc.isenabled()
