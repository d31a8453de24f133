"""Metrics: a finite value, an interval around it, coverage a share, n a count."""

from tasks.shared.checks.check import Suite
from tasks.shared.checks.measured import HELPERS, MEASURED, measured

SUITE = Suite(values=MEASURED, checks=measured, helpers=HELPERS)
