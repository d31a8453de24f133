"""Tables of the rules, measures and keys of alerts."""

from docs.writing import first_paragraph, table
from tasks.alerts import measures
from tasks.alerts.measure import all_measures
from tasks.alerts.rulebook import shipped_rules
from tasks.shared.settings import AlertRule


def alert_rules() -> str:
    """Every rule that is shipped."""
    return table(
        ("rule", "measure", "condition", "window", "holds for", "series", "at least", "severity"),
        [
            (
                f"`{name}`",
                f"`{keys['metric']}`" if "metric" in keys else "flow runs",
                f"`{keys['condition']}`",
                keys.get("window", "1h"),
                keys.get("for", ""),
                f"by {keys['by']}" if "by" in keys else "the project",
                keys.get("minimum_effect", ""),
                keys.get("severity", "warning"),
            )
            for name, keys in shipped_rules().items()
        ],
    )


def alert_measures() -> str:
    """Every measure that a rule can read."""
    rows = [
        (
            f"`{name}`",
            it.kind,
            it.unit,
            first_paragraph(measures, name),
            ", ".join(f"`{each}`" for each in it.dimensions if each),
        )
        for name, it in all_measures().items()
    ]
    return table(("measure", "kind", "unit", "what it measures", "by"), rows)


def alert_rule_keys() -> str:
    """Every key of a rule."""
    rows = [(f"`{it.alias or key}`", it.description or "") for key, it in AlertRule.model_fields.items()]
    return table(("key", "meaning"), rows)
