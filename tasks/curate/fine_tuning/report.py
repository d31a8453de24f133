"""What is said of a fine-tuning file: as JSON, and as a page to read. The same file has the same report."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from tasks.curate.fine_tuning.selection import RULES, Example
from tasks.curate.fine_tuning.tokens import CharactersPerToken, Training
from tasks.curate.fine_tuning.validation import Check, Spread, spread
from tasks.curate.masking import NAMES_NOTE
from tasks.shared.pages.blocks import Cell, Number, Table, Text
from tasks.shared.pages.markdown import markdown
from tasks.shared.pages.page import Page, Part
from tasks.shared.records import Window
from tasks.shared.settings import ExportSettings


@dataclass(frozen=True)
class Report:
    """All that is known of a file, for both its forms."""

    project: str
    window: Window
    rules: ExportSettings
    content: bytes
    examples: Sequence[Example]
    seen: Mapping[str, int]
    lost: Mapping[str, int]
    masked: Mapping[str, int]
    names_looked_for: bool
    checks: Sequence[Check]
    rate: CharactersPerToken
    training: Training

    @property
    def digest(self) -> str:
        """16 hex digits over the file."""
        return hashlib.sha256(self.content).hexdigest()[:16]

    @property
    def origins(self) -> dict[str, int]:
        """Examples by where they come from."""
        return dict(sorted(Counter(each.origin for each in self.examples).items()))

    def spreads(self) -> dict[str, Spread]:
        """Characters of the parts of an example, and its tokens by the estimate."""
        turns = [each.turns for each in self.examples]
        return {
            "system_characters": spread([len(each.system) for each in turns]),
            "prompt_characters": spread([len(each.prompt) for each in turns]),
            "completion_characters": spread([len(each.completion) for each in turns]),
            "tokens": spread([self.rate.tokens(each.characters) for each in turns]),
        }


def as_json(report: Report) -> bytes:
    """The report for programs."""
    said: dict[str, Any] = {
        "project": report.project,
        "window": str(report.window),
        "form": report.rules.form,
        "model": report.rules.model,
        "examples": len(report.examples),
        "digest": report.digest,
        "bytes": len(report.content),
        "passed": all(check.passed for check in report.checks),
        "origins": report.origins,
        "seen": dict(report.seen),
        "lost": {rule: report.lost.get(rule, 0) for rule in RULES},
        "masked": dict(sorted(report.masked.items())),
        "names_looked_for": report.names_looked_for,
        "checks": [{**asdict(check), "passed": check.passed} for check in report.checks],
        "spreads": {name: asdict(each) for name, each in report.spreads().items()},
        "characters_per_token": asdict(report.rate),
        "training": asdict(report.training),
        "rules": report.rules.model_dump(mode="json"),
    }
    return orjson.dumps(said, option=orjson.OPT_INDENT_2)


def as_markdown(report: Report) -> str:
    """The report for people."""
    parts = (
        Part("cost", "What training takes", _cost(report)),
        Part("checks", "Checks of the finished file", [_checks(report)]),
        Part("lost", "Where the examples come from, and what was left out", _lost(report)),
        Part("lengths", "Lengths", [_lengths(report)]),
        Part("masked", "Personal data", _masked(report)),
    )
    subtitle = f"{report.project}, {report.window}, {len(report.examples):,} examples, digest {report.digest}"
    return markdown(Page("Fine-tuning file", f"Fine-tuning file ({report.rules.form})", subtitle, parts))


def cost_sentence(training: Training) -> str:
    """What training costs, or why nobody can say."""
    if training.cost_usd is None:
        return f"Cost of training: unknown; {training.said}."
    bounds = "" if training.low_usd is None else f" ({training.low_usd:,.2f} to {training.high_usd:,.2f})"
    return f"Cost of training: about {training.cost_usd:,.2f} USD{bounds}, {training.said}."


def rate_sentence(rate: CharactersPerToken) -> str:
    """How tokens are counted; that it is an estimate is said here."""
    bounds = "" if rate.low is None else f" (95 % interval {rate.low:.2f} to {rate.high:.2f}, n={rate.n:,})"
    return f"Tokens are an estimate: {rate.value:.2f} characters each{bounds}, by {rate.said_by}."


def _cost(report: Report) -> list[Text]:
    training = report.training
    passed = f"{training.tokens:,} tokens in {training.epochs} epochs."
    return [Text(passed), Text(cost_sentence(training)), Text(rate_sentence(report.rate), "note")]


def _checks(report: Report) -> Table:
    rows = [
        (
            check.name,
            check.says,
            "yes" if check.passed else "NO",
            Number(check.checked),
            Number(check.failing),
            ", ".join(map(str, check.lines)) or None,
        )
        for check in report.checks
    ]
    return Table("Every line", ("check", "what holds", "passed", "lines", "failing", "first"), rows)


def _lost(report: Report) -> list[Table]:
    origins = [(name, Number(count)) for name, count in report.origins.items()]
    lost = [(RULES[rule][0], Number(report.lost[rule]), RULES[rule][1]) for rule in RULES if report.lost.get(rule)]
    return [
        Table("Examples by origin", ("origin", "examples"), origins, empty="None."),
        Table("Left out", ("rule", "left out", "what would change it"), lost, empty="Nothing was left out."),
    ]


def _lengths(report: Report) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, each in report.spreads().items():
        of = [each.least, *each.quantiles.values(), each.most, each.total]
        cells = [Number(value, "tokens") for value in of]
        rows.append((name.replace("_", " "), *cells[:-1], Number(each.mean, "number"), cells[-1]))
    columns = ("of an example", "least", *("5 %", "median", "95 %", "99 %"), "most", "mean", "all together")
    return Table(f"Lengths of {len(report.examples):,} examples", columns, rows)


def _masked(report: Report) -> list[Table | Text]:
    rows = [(kind, Number(count)) for kind, count in sorted(report.masked.items())]
    table = Table("Masked in what was read", ("kind", "times"), rows, empty="No detector found any.")
    return [table] if report.names_looked_for else [table, Text(NAMES_NOTE, "warning")]
