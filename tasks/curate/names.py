"""People's names are masked in whatever leaves the lake: the search for them is shared."""

from tasks.shared.gateways.llm.names import Names, masked, names_judge

__all__ = ["Names", "masked", "names_judge"]
