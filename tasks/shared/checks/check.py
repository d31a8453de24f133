"""The words of checking: a check, a suite of them, and what a validation found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa

from tasks.shared.records import Window
from tasks.shared.settings import CheckSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.stage import Stage

# Failed checks told one by one in a message.
MOST_TOLD = 3
Severity = Literal["critical", "warning"]


@dataclass(frozen=True)
class Check:
    """One expectation about the staged rows.

    `expectation` names a Great Expectations class and `arguments` are its own; `failing` is the SQL predicate over
    the staged rows and the suite's helper columns that picks the rows Great Expectations counts as unexpected (empty
    for a check of the whole table). `wanted` says what is expected in plain words.
    """

    expectation: str
    arguments: Mapping[str, Any]
    severity: Severity
    failing: str
    wanted: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it looks at; none for a check of the whole table."""
        named = (self.arguments.get(name) for name in ("column", "column_A", "column_B"))
        return (*(name for name in named if name), *self.arguments.get("column_list", ()))


@dataclass(frozen=True)
class Scope:
    """What the checks of one validation may depend on.

    `usual_rows` is the median row count of the same weekday and hours in previous weeks, None without history.
    """

    window: Window
    settings: CheckSettings
    usual_rows: float | None = None


def no_checks(_scope: Scope) -> tuple[Check, ...]:
    """Nothing beyond what every table is checked for."""
    return ()


def no_relations(_stage: Stage, _lake: Lake) -> Mapping[str, pa.Table]:
    """No tables beside the staged rows."""
    return {}


@dataclass(frozen=True)
class Suite:
    """The checks of one table beyond those that follow from its declaration; the file's name is the table's name.

    `values` are checks of one column each; they are asked as one expectation, which takes Great Expectations no longer
    than any of them would. `helpers` maps further columns to the SQL expressions that compute them from the staged
    rows. `relations` gives further tables that those expressions use. `weekly` asks for `Scope.usual_rows`.
    """

    values: tuple[Check, ...] = ()
    checks: Callable[[Scope], tuple[Check, ...]] = no_checks
    helpers: Mapping[str, str] = field(default_factory=dict)
    relations: Callable[[Stage, Lake], Mapping[str, pa.Table]] = no_relations
    weekly: bool = False


@dataclass(frozen=True)
class CheckResult:
    """What one check found. `failing` of `checked` rows fail; `examples` are up to five of their keys and values.

    `check` is what was asked. For a check of the whole table `failing` is 0 even where it does not hold.
    """

    check: Check
    success: bool
    checked: int
    failing: int
    observed: str
    examples: tuple[Mapping[str, Any], ...] = ()

    @property
    def expectation(self) -> str:
        """Name of the Great Expectations class."""
        return self.check.expectation

    @property
    def column(self) -> str:
        """The columns looked at; empty for the whole table."""
        return ", ".join(self.check.columns)

    @property
    def severity(self) -> Severity:
        """Critical or warning."""
        return self.check.severity

    @property
    def name(self) -> str:
        """`ExpectColumnValuesToNotBeNull(span_id)`."""
        return f"{self.expectation}({self.column})"

    @property
    def sentence(self) -> str:
        """Expectation, count and examples on one line."""
        shown = "; ".join(", ".join(f"{k}={v}" for k, v in example.items()) for example in self.examples[:3])
        return f"{self.name}: {self.observed}" + (f", for example {shown}" if shown else "")


@dataclass(frozen=True)
class Validation:
    """The verdict on one stage.

    `file` is the stage's file inside each partition (an evaluator's name, or `part`). `partial` says that the stage
    held only some of the window's rows, so that only critical checks were asked.
    """

    table: str
    project: str
    window: Window
    file: str
    rows: int
    results: tuple[CheckResult, ...]
    partial: bool = False

    @property
    def critical(self) -> tuple[CheckResult, ...]:
        """Failed checks that keep the rows out."""
        return tuple(r for r in self.results if not r.success and r.severity == "critical")

    @property
    def warnings(self) -> tuple[CheckResult, ...]:
        """Failed checks that are only told."""
        return tuple(r for r in self.results if not r.success and r.severity == "warning")

    @property
    def subject(self) -> str:
        """What was checked: `spans of support on 2026-11-19`, with the writer where the table has several."""
        writer = "" if self.file == "part" else f" by {self.file}"
        return f"{self.table}{writer} of {self.project} on {self.window}"

    @property
    def headline(self) -> str:
        """The verdict in a few words."""
        if self.critical:
            return f"{self.subject}: {len(self.critical)} of {len(self.results)} checks failed, rows kept out"
        if self.warnings:
            return f"{self.subject}: let through with {len(self.warnings)} of {len(self.results)} checks warning"
        return f"{self.subject}: all {len(self.results)} checks hold"

    @property
    def message(self) -> str:
        """One line: the headline and what failed, with count and examples; the worst few of many."""
        failed = self.critical or self.warnings
        told = [result.sentence for result in failed[:MOST_TOLD]]
        more = [f"and {len(failed) - MOST_TOLD} more"] if len(failed) > MOST_TOLD else []
        return ". ".join([self.headline, *told, *more])
