"""Splits are shared: what looks at traffic for better prompts asks for them too."""

from tasks.shared.splits import SPLITS, cluster_of, split_of

__all__ = ["SPLITS", "cluster_of", "split_of"]
