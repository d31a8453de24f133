"""Estimates and their intervals: pure, without pandas or numpy, each citing its method."""
