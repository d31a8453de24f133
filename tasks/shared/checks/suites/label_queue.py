"""Units drawn for labelling: known units and verdicts, a probability that weights can be made of."""

from typing import get_args

from tasks.shared.checks.check import Suite
from tasks.shared.checks.rules import between, one_of
from tasks.shared.records import Unit

VERDICTS = ("pass", "fail", "all")


VALUES = (
    one_of("unit", get_args(Unit)),
    one_of("stratum", VERDICTS),
    between("inclusion_probability", 0, 1, "above 0 and at most 1", above=True),
)


SUITE = Suite(values=VALUES)
