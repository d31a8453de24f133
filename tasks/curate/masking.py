"""The anonymiser of a dataset, with the key that all stages share."""

from tasks.shared.anonymise import Anonymiser
from tasks.shared.settings import AnonymiseSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.mask_key import mask_key

NAMES_NOTE = "People's names were not looked for: anonymise.names is off."


def anonymiser_of(dataset: str, settings: AnonymiseSettings, lake: Lake) -> Anonymiser:
    """The anonymiser of *dataset*: the same value gets the same mask in it, in every run."""
    return Anonymiser(mask_key(lake, settings), dataset, settings)
