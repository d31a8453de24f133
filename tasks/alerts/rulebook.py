"""Every rule that is in force: the shipped ones, as the settings change them, and those of the settings."""

import tomllib
from pathlib import Path
from typing import Any

from tasks.alerts.measure import all_measures
from tasks.alerts.rule import Rule, problem, rule_of
from tasks.shared.errors import ConfigurationError
from tasks.shared.settings import Settings

SHIPPED = Path(__file__).with_name("rules.toml")


def shipped_rules() -> dict[str, dict[str, Any]]:
    """The keys of each shipped rule."""
    return tomllib.loads(SHIPPED.read_text(encoding="utf-8"))


def rules_of(settings: Settings) -> dict[str, Rule]:
    """The rules by name, without those that are switched off.

    Raises:
        ConfigurationError: a rule is wrong; names rule, key and what to write, or a channel that is not there.
    """
    written = {
        name: {key: value for key, value in rule.model_dump(by_alias=True).items() if value is not None}
        for name, rule in settings.alerts.rules.items()
    }
    shipped, measures = shipped_rules(), all_measures()
    defaults = {"channels": settings.alerts.channels, "owner": settings.owner}
    rules: dict[str, Rule] = {}
    for name in dict.fromkeys((*shipped, *written)):
        keys = shipped.get(name, {}) | written.get(name, {})
        if keys.get("enabled", True):
            rules[name] = rule_of(name, keys, measures, defaults)
            _check_channels(rules[name], settings)
    return rules


def rule_named(settings: Settings, name: str) -> Rule:
    """One rule. Raises ConfigurationError naming those there are."""
    rules = rules_of(settings)
    if name not in rules:
        raise ConfigurationError(f"there is no rule {name!r}. There are: {', '.join(sorted(rules))}.")
    return rules[name]


def _check_channels(rule: Rule, settings: Settings) -> None:
    if unknown := [name for name in rule.channels if name not in settings.channels]:
        there = ", ".join(sorted(settings.channels)) or "none"
        raise problem(rule.name, "channels", f"there is no channel {unknown[0]!r}. There are: {there}.")
