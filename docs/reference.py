"""`make docs`: writes what the code knows into the pages, between `<!-- begin: name -->` and `<!-- end -->`.

A test compares the pages with what this writes, so that no table of the documentation is out of date.
"""

import datetime as dt
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from benchmarks.__main__ import RESULTS, last_results
from benchmarks.__main__ import table as benchmark_table
from deployments.simulator.faults import Faults
from deployments.simulator.writing.skill import Skill
from docs.alert_tables import alert_measures, alert_rule_keys, alert_rules
from docs.price_table import PRICE_COLUMNS, price_rows
from docs.setting_tables import default_of, settings
from docs.writing import first_paragraph as _first_paragraph
from docs.writing import table as _table
from flows.__main__ import flow_summaries
from tasks.evaluate import evaluators
from tasks.evaluate.judge import Canary, Choice, Judge, Message, Rating, Sampling, Stratum, Swap
from tasks.evaluate.library import known_judges
from tasks.reports import sections
from tasks.reports.compose import known_sections
from tasks.shared import errors
from tasks.shared.channels import kinds
from tasks.shared.channels.channel import Options, known_channels
from tasks.shared.checks import suites
from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import BROKEN, asked
from tasks.shared.errors import NightjarError
from tasks.shared.plugins import collect
from tasks.shared.records import Evaluator, Window
from tasks.shared.settings import (
    ChannelSettings,
    CheckSettings,
    EvaluatorSettings,
    JudgeSettings,
)
from tasks.shared.store.tables import TABLES, Table
from tasks.tracking import judge_summaries, summaries
from tasks.tracking.judge_summary import all_judge_summaries
from tasks.tracking.summary import all_summaries

ROOT = Path(__file__).parents[1]
PRICES = ROOT / "tasks/shared/prices.toml"
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
BLOCK = re.compile(r"(<!-- begin: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
TARGET = re.compile(r"^([a-z-]+):.*?## (.*)$", re.MULTILINE)
# Flows without a schedule that are subflows of others.
INSIDE = {"evaluation": "nightly", "tracking": "nightly", "experiment": "gate and prompt-optimisation"}
SOME_DAY = Window.of_day(dt.date(2000, 1, 1))
SOME_ROWS = 4321.0


def flows() -> str:
    """Every flow, and when prefect.yaml runs it."""
    plan = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    schedules = {each["name"]: each.get("schedules", []) for each in plan["deployments"]}
    rows = [
        (
            f"[`{name}`](docs/operations.md#{name})",
            summary,
            _when(name, schedules[name]),
            _hours(name),
            _safe_again(name),
        )
        for name, summary in flow_summaries(ROOT / "flows").items()
    ]
    return _table(("flow", "what it does", "when", "timeout", "safe to run again"), rows)


def known_evaluators() -> str:
    """Every evaluator: its question is its file's docstring."""
    rows = [
        (f"`{name}`", it.unit, _first_paragraph(evaluators, name), _better(it))
        for name, it in collect(evaluators, Evaluator).items()
    ]
    return _table(("evaluator", "unit", "question", "better"), rows)


def eligible_units() -> str:
    """Which units each evaluator decides on, and what it can be told."""
    rows = [
        (f"`{name}`", it.version, it.kind, "all" if it.select == "true" else f"`{it.select}`", _settings_of(it))
        for name, it in collect(evaluators, Evaluator).items()
    ]
    return _table(("evaluator", "version", "kind", "eligible units", "setting"), rows)


def shipped_judges() -> str:
    """Every judge that is shipped."""
    rows = [
        (f"`{name}`", it.unit, it.description, _answers_of(it), _better(it) if it.rating or _has_scores(it) else "")
        for name, it in known_judges(JudgeSettings()).items()
    ]
    return _table(("judge", "unit", "question", "answers", "better"), rows)


def judge_keys() -> str:
    """Every key of a judge's file."""
    return _table(
        ("key", "default", "meaning"), [(f"`{key}`", default_of(f), f.description or "") for key, f in _judge_keys()]
    )


def report_sections() -> str:
    """Every section of the report, in its order."""
    rows = [(section.title, _first_paragraph(sections, name)) for name, section in known_sections().items()]
    return _table(("section", "what it shows"), rows)


def channels() -> str:
    """Every kind of channel."""
    return _table(("kind", "what it does"), [(f"`{name}`", _first_paragraph(kinds, name)) for name in known_channels()])


def channel_keys() -> str:
    """The keys of every kind of channel, after those that all kinds have."""
    parts = [_keys_of("every kind", {**ChannelSettings.model_fields, **Options.model_fields})]
    for name, channel in known_channels().items():
        own = {key: field for key, field in channel.options.model_fields.items() if key not in Options.model_fields}
        parts.append(_keys_of(f"`{name}`", own))
    return "\n\n".join(parts)


def _keys_of(kind: str, fields: Mapping[str, FieldInfo]) -> str:
    return _table((f"key of {kind}", "default", "meaning"), _rows_of(fields))


def metrics() -> str:
    """Every group of summary metrics, then those of judges."""
    found = [*((summaries, name) for name in all_summaries()), *((judge_summaries, n) for n in all_judge_summaries())]
    return _table(("group", "what it tells"), [(f"`{name}`", _first_paragraph(of, name)) for of, name in found])


def checks() -> str:
    """Every check, table by table."""
    found = collect(suites, Suite)
    parts = []
    for name, table in TABLES.items():
        if name in found:
            head = ("severity", "columns", "wanted", "expectation")
            parts.append(f"### {name}\n\n" + _table(head, _alike(_checks(table, found[name]))))
    return "\n\n".join(parts)


def prices() -> str:
    """Every price, and where it was compared."""
    return _table(PRICE_COLUMNS, price_rows(PRICES.read_text(encoding="utf-8")))


def tables() -> str:
    """Every table of the lake with its columns."""
    return "\n\n".join(_table_of_lake(table) for table in TABLES.values())


def simulated_faults() -> str:
    """Every setting of the simulated model provider."""
    return _fields_of(Faults)


def simulated_skill() -> str:
    """Every setting of its SQL writer."""
    return _fields_of(Skill)


def _fields_of(model: type[BaseModel]) -> str:
    return _table(("setting", "default", "meaning"), _rows_of(model.model_fields))


def _rows_of(fields: Mapping[str, FieldInfo]) -> list[tuple[str, str, str]]:
    return [(f"`{name}`", default_of(field), field.description or "") for name, field in fields.items()]


def error_tree() -> str:
    """Every error that Nightjar raises on purpose, and the exit code of a command that it ends."""
    rows = [
        (f"`{name}`", str(error.exit_code), (inspect.getdoc(error) or "").split("\n")[0])
        for name, error in vars(errors).items()
        if inspect.isclass(error) and issubclass(error, NightjarError) and error is not NightjarError
    ]
    return _table(("error", "exit code", "meaning"), rows)


def make_targets() -> str:
    """Every target of the Makefile."""
    found = TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
    return _table(("command", "what it does"), [(f"`make {name}`", what) for name, what in found])


def benchmarks() -> str:
    """The last figures of every benchmark, and where they were measured."""
    results = last_results(RESULTS)
    machines = sorted({result["machine"] for result in results})
    return benchmark_table(results) + "\n\nMeasured on: " + "; ".join(machines) + "."


BLOCKS: Mapping[str, Callable[[], str]] = {
    "flows": flows,
    "evaluators": known_evaluators,
    "eligible": eligible_units,
    "judges": shipped_judges,
    "judge-keys": judge_keys,
    "sections": report_sections,
    "channels": channels,
    "channel-keys": channel_keys,
    "metrics": metrics,
    "alert-rules": alert_rules,
    "alert-measures": alert_measures,
    "alert-rule-keys": alert_rule_keys,
    "checks": checks,
    "settings": settings,
    "prices": prices,
    "tables": tables,
    "errors": error_tree,
    "faults": simulated_faults,
    "skill": simulated_skill,
    "targets": make_targets,
    "benchmarks": benchmarks,
}


def rewritten(text: str) -> str:
    """A page with every block as the code has it now. Raises KeyError for a block that nobody writes."""
    return BLOCK.sub(lambda found: f"{found[1]}\n{BLOCKS[found[2]]()}\n\n{found[3]}", text)


def _when(flow: str, schedules: Sequence[Mapping[str, str]]) -> str:
    named = [f"{each['slug'].replace('-', ' ')}: `{each['cron']}` {each['timezone']}" for each in schedules]
    return "; ".join(named) or (f"inside {INSIDE[flow]}, or by hand" if flow in INSIDE else "by hand")


def _hours(flow: str) -> str:
    name = flow.replace("-", "_")
    return f"{getattr(importlib.import_module(f'flows.{name}'), name).timeout_seconds / 3600:g} h"


def _safe_again(flow: str) -> str:
    """What the operations page says of running the flow again, up to the first stop. Raises LookupError for nothing."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    part = page.partition(f"\n### {flow}\n")[2].partition("\n### ")[0]
    said = re.search(r"\*\*Safe to run again:\*\* (\w+)", part)
    if not said:
        raise LookupError(f"docs/operations.md does not say of {flow} whether it is safe to run again.")
    return said[1]


def _better(evaluator: Evaluator | Judge) -> str:
    return "higher" if evaluator.direction == "maximize" else "lower"


def _settings_of(evaluator: Evaluator) -> str:
    return ", ".join(f"`evaluators.{_setting_behind(name)}`" for name in evaluator.parameters)


def _setting_behind(parameter: str) -> str:
    """The field of the settings: a property of them names in its docstring the one it is made of."""
    derived = getattr(EvaluatorSettings, parameter, None)
    named = re.search(r"`(\w+)`", derived.__doc__ or "") if isinstance(derived, property) else None
    return named[1] if named else parameter


def _checks(table: Table, suite: Suite) -> tuple[Check, ...]:
    usual = SOME_ROWS if suite.weekly else None
    found = asked(table, suite, Scope(SOME_DAY, CheckSettings(), usual))
    values = tuple(replace(check, expectation=BROKEN) for check in suite.values)
    return tuple(c for check in found for c in (values if check.columns == (BROKEN,) else (check,)))


def _alike(found: Iterable[Check]) -> list[tuple[str, str, str, str]]:
    """One row for all checks of a table that ask the same of different columns."""
    columns: dict[tuple[str, str, str], list[str]] = {}
    for check in found:
        name = check.arguments.get("column", "")
        asked = (check.severity, _wanted(check).removeprefix(f"{name} "), check.expectation)
        columns.setdefault(asked, []).extend(f"`{column}`" for column in check.columns)
    return [(severity, ", ".join(of), what, f"`{how}`") for (severity, what, how), of in columns.items()]


def _wanted(check: Check) -> str:
    return check.wanted.replace(str(SOME_DAY), "the window").replace(f"{SOME_ROWS:g}, the usual", "the usual number")


def _answers_of(judge: Judge) -> str:
    """The labels with their scores, or the scale."""
    if judge.rating:
        return f"{judge.rating.low} to {judge.rating.high}"
    if not _has_scores(judge):
        return f"{len(judge.choices)} labels without score"
    return ", ".join(f"`{n}` {'-' if c.score is None else format(c.score, 'g')}" for n, c in judge.choices.items())


def _has_scores(judge: Judge) -> bool:
    return any(choice.score is not None for choice in judge.choices.values())


def _judge_keys() -> Iterator[tuple[str, FieldInfo]]:
    """The keys of a judge's file, each followed by those below it."""
    below: dict[str, tuple[str, type[BaseModel]]] = {
        "messages": ("messages[].", Message),
        "choices": ("choices.<label>.", Choice),
        "rating": ("rating.", Rating),
        "sampling": ("sampling.", Sampling),
        "sampling.strata": ("sampling.strata.<name>.", Stratum),
        "swap": ("swap.", Swap),
        "canaries": ("canaries[].", Canary),
    }

    def keys(prefix: str, model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
        for name, field in model.model_fields.items():
            yield f"{prefix}{name}", field
            if f"{prefix}{name}" in below:
                yield from keys(*below[f"{prefix}{name}"])

    return keys("", Judge)


def _table_of_lake(table: Table) -> str:
    rows = [(f"`{c.name}`", str(c.type), "yes" if c.required else "", c.doc) for c in table.columns]
    key = ", ".join(f"`{name}`" for name in table.key)
    about = f"{table.doc} Key: {key}. One partition per {table.grain}, placed by `{table.time}`."
    return f"### {table.name}\n\n{about}\n\n" + _table(("column", "type", "required", "meaning"), rows)


def main() -> int:
    """Write every page that changed; say which."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        if (new := rewritten(text)) != text:
            page.write_text(new, encoding="utf-8")
            print(f"wrote {page.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
