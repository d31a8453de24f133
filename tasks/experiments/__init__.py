"""Experiments: a candidate and its baseline answer the same examples, and a gate decides on the difference."""
