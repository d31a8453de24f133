"""The key of masks is made once, lies in the lake, and the settings' own goes before it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tasks.shared.errors import StoreError
from tasks.shared.settings import AnonymiseSettings, LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.mask_key import FILE, mask_key


@pytest.fixture
def lake(tmp_path):
    return Lake.open(LakeSettings(root=str(tmp_path)))


def test_everyone_who_asks_at_once_gets_the_same_key(lake):
    with ThreadPoolExecutor(4) as people:
        keys = set(people.map(lambda _: mask_key(lake, AnonymiseSettings()), range(8)))
    assert keys == {lake.get_file(FILE)}
    assert len(keys.pop()) == 32


def test_the_settings_key_goes_first_and_leaves_no_file(lake):
    assert mask_key(lake, AnonymiseSettings(key="a secret of mine")) == b"a secret of mine"
    assert lake.get_file(FILE) is None


def test_a_cut_key_is_not_used(lake):
    lake.put_file(FILE, b"short")
    with pytest.raises(StoreError, match=r"mask\.key is no key of masks"):
        mask_key(lake, AnonymiseSettings())
