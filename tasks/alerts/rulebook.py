"""Every rule that is in force: the shipped ones, as the settings change them, and those of the settings."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.alerts.measure import Measure, all_measures
from tasks.alerts.rule import Rule, problem, rule_of
from tasks.shared.errors import ConfigurationError
from tasks.shared.settings import Settings

SHIPPED = Path(__file__).with_name("rules.toml")


def shipped_rules() -> dict[str, dict[str, Any]]:
    """The keys of each shipped rule."""
    return tomllib.loads(SHIPPED.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Rulebook:
    """The rules by name, without those that are switched off; and what is wrong with the others, by name."""

    rules: Mapping[str, Rule]
    wrong: Mapping[str, str]


def rulebook_of(settings: Settings) -> Rulebook:
    """Every rule that is understood. One that is not keeps no other from being looked at."""
    written = {
        name: {key: value for key, value in rule.model_dump(by_alias=True).items() if value is not None}
        for name, rule in settings.alerts.rules.items()
    }
    shipped, measures = shipped_rules(), all_measures()
    defaults = {"channels": settings.alerts.channels, "owner": settings.owner}
    rules, wrong = dict[str, Rule](), dict[str, str]()
    for name in dict.fromkeys((*shipped, *written)):
        keys = shipped.get(name, {}) | written.get(name, {})
        if keys.get("enabled", True):
            try:
                rule = rule_of(name, keys, measures, defaults)
                _check_channels(rule, settings)
                _check_series(rule, measures)
            except ConfigurationError as error:
                wrong[name] = str(error)
            else:
                rules[name] = rule
    return Rulebook(rules, wrong)


def rules_of(settings: Settings) -> Mapping[str, Rule]:
    """The rules by name.

    Raises:
        ConfigurationError: a rule is wrong; names rule, key and what to write, or a channel that is not there.
    """
    book = rulebook_of(settings)
    if book.wrong:
        raise ConfigurationError(" ".join(book.wrong.values()))
    return book.rules


def rule_named(settings: Settings, name: str) -> Rule:
    """One rule. Raises ConfigurationError with what is wrong with it, or naming those there are."""
    book = rulebook_of(settings)
    if name in book.wrong:
        raise ConfigurationError(book.wrong[name])
    if name not in book.rules:
        raise ConfigurationError(f"there is no rule {name!r}. There are: {', '.join(sorted(book.rules))}.")
    return book.rules[name]


def _check_channels(rule: Rule, settings: Settings) -> None:
    if unknown := [name for name in rule.channels if name not in settings.channels]:
        there = ", ".join(sorted(settings.channels)) or "none"
        raise problem(rule.name, "channels", f"there is no channel {unknown[0]!r}. There are: {there}.")


def _check_series(rule: Rule, measures: Mapping[str, Measure]) -> None:
    """Of what is not measured a rule would never be true, without a word."""
    if rule.metric and rule.by not in (there := measures[rule.metric].dimensions):
        wanted = f"by {rule.by!r}" if rule.by else "of the whole project"
        said = ", ".join(each or "the whole project" for each in there)
        raise problem(rule.name, "by", f"{rule.metric} is not measured {wanted}. There is: {said}.")
    if rule.series and not rule.by:
        raise problem(rule.name, "series", "values of which dimension? Name it with `by`.")
