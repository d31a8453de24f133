"""Metrics of weeks and months: what holds for those of days, and a known edition."""

from tasks.shared.checks.check import Suite
from tasks.shared.checks.measured import HELPERS, MEASURED, measured
from tasks.shared.checks.rules import one_of

SUITE = Suite(values=(*MEASURED, one_of("edition", ("week", "month"))), checks=measured, helpers=HELPERS)
