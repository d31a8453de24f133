"""What one analysis is about."""

from dataclasses import dataclass

from tasks.failures.taxonomy import Taxonomy
from tasks.shared.records import Window


@dataclass(frozen=True)
class Scope:
    """The runs of one agent in one window. `in_phoenix` is false of labelled traces that were read from a file."""

    project: str
    window: Window
    taxonomy: Taxonomy
    in_phoenix: bool = True
