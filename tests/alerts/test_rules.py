"""Rules: the shipped ones are understood, settings change them, and a wrong one is told with what to write."""

import pytest

from tasks.alerts.measure import all_measures
from tasks.alerts.rulebook import rule_named, rulebook_of, rules_of, shipped_rules
from tasks.shared.errors import ConfigurationError
from tasks.shared.settings import Settings
from tests.alerts.series import rule


def settings(**rules):
    return Settings(channels={"chat": {"kind": "file", "folder": "x"}}, alerts={"rules": rules, "channels": ["chat"]})


def test_the_shipped_rules_are_those_of_the_handbook():
    rules = rules_of(settings())
    assert set(rules) == set(shipped_rules())
    said = {name: (it.metric, it.sense, it.limit, it.hours) for name, it in rules.items()}
    assert said["error_rate"] == ("error_rate", "above", 0.05, 1)
    assert said["latency_p95"] == ("latency_p95_ms", "above", 10_000.0, 1)
    assert said["hallucination_rate"] == ("hallucination_rate", "above", 0.1, 24)
    assert said["satisfaction"] == ("satisfaction", "below", 0.85, 24)
    assert said["daily_cost"] == ("cost_usd", "above", 1.0, 0)
    assert said["monthly_cost_nears"] == ("cost_usd", "above", 0.8, 0)
    assert [rules[f"{name}_cost"].since for name in ("daily", "weekly", "monthly")] == ["day", "week", "month"]
    assert said["pipeline_failed"] == ("", "failed", None, 1)
    assert all(it.channels == ("chat",) for it in rules.values())


def test_settings_change_single_keys_switch_rules_off_and_add_some():
    rules = rules_of(
        settings(
            error_rate={"condition": "> 2 %", "channels": []},
            latency_p95={"enabled": False},
            mine={"metric": "cost_usd", "condition": "> 3 usd", "by": "model", "for": "2h", "series": ["gpt-4o"]},
        )
    )
    assert (rules["error_rate"].limit, rules["error_rate"].severity) == (0.02, "critical")
    assert rules["error_rate"].channels == ()
    assert "latency_p95" not in rules
    assert (rules["mine"].limit, rules["mine"].hold_hours, rules["mine"].severity) == (3.0, 2, "warning")


@pytest.mark.parametrize(
    ("condition", "metric", "limit"),
    [
        ("> 5 %", "error_rate", 0.05),
        ("<0.85", "satisfaction", 0.85),
        ("> 1500 ms", "latency_p95_ms", 1500.0),
        ("> 2 min", "latency_p95_ms", 120_000.0),
        ("> 12.5 USD", "cost_usd", 12.5),
        ("> 3", "ingestion_delay_hours", 3.0),
    ],
)
def test_amounts_are_in_the_measure_s_unit(condition, metric, limit):
    assert rule(metric, condition).limit == pytest.approx(limit)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"metric": "drift"}, r"alerts.rules.r.metric: metric 'drift' is no measure. There are: cost_usd, "),
        ({"metric": ""}, "alerts.rules.r.metric: it has no metric"),
        ({"condition": "more than 5"}, "alerts.rules.r.condition: 'more than 5' is not understood. Write `> 5 %`"),
        ({"condition": "> 10 s"}, "alerts.rules.r.condition: unit 's' does not go with the measure. Write %."),
        ({"condition": "> 5"}, "alerts.rules.r.condition: '> 5' is no share"),
        ({"condition": "> budget"}, "is for cost_usd"),
        ({"condition": "< budget", "metric": "cost_usd"}, "'< budget' is not understood"),
        (
            {"condition": "> budget", "metric": "cost_usd", "window": "1d"},
            "'> budget' needs a period that has a budget. Write `today`, `this week`, `this month`",
        ),
        ({"window": "this year"}, "alerts.rules.r.window: 'this year' is not understood"),
        ({"window": "soon"}, "alerts.rules.r.window: 'soon' is not understood. Write hours or days"),
        ({"window": "0h"}, "alerts.rules.r.window"),
        ({"for_": "30d"}, "alerts.rules.r.for: '30d'"),
        ({"condition": "rises", "window": "today"}, "alerts.rules.r.window: 'rises' needs hours"),
        ({"condition": "rises", "window": "3d"}, "alerts.rules.r.window: 'rises' compares windows of up to 2d"),
        ({"condition": "rises", "metric": "disk_used"}, "has no weekly rhythm"),
        ({"minimum_effect": "a lot"}, "alerts.rules.r.minimum_effect: 'a lot' is not understood"),
        ({"minimum_effect": "5"}, "alerts.rules.r.minimum_effect: '5' is more than a share can move"),
    ],
)
def test_a_wrong_rule_is_told_with_its_key_and_what_to_write(keys, said):
    with pytest.raises(ConfigurationError, match=said):
        rule(**({"metric": "error_rate", "condition": "> 5 %"} | keys))


def test_an_unknown_channel_rule_or_key_is_told():
    with pytest.raises(ConfigurationError, match=r"error_rate.channels: there is no channel 'pager'. There are: chat"):
        rules_of(settings(error_rate={"channels": ["pager"]}))
    with pytest.raises(ConfigurationError, match=r"there is no rule 'eror_rate'\. There are: cost_rises, "):
        rule_named(settings(), "eror_rate")
    with pytest.raises(ValueError, match="Extra inputs"):
        settings(error_rate={"threshold": 5})


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"metric": "pass_rate"}, "by: pass_rate is not measured of the whole project. There is: evaluator."),
        ({"by": "user"}, "by: error_rate is not measured by 'user'. There is: the whole project, name, model."),
        ({"metric": "disk_used", "by": "model"}, "by: disk_used is not measured by 'model'. There is: the whole pro"),
        ({"series": ["execute_sql"]}, "series: values of which dimension"),
    ],
)
def test_a_rule_that_could_never_be_true_of_anything_is_refused(keys, said):
    with pytest.raises(ConfigurationError, match=rf"alerts\.rules\.mine\.{said}"):
        rule_named(settings(mine={"metric": "error_rate", "condition": "> 5 %"} | keys), "mine")


def test_what_decides_makes_another_rule_and_who_is_told_does_not():
    assert rule(condition="> 5 %").digest == rule(condition="> 5 %", severity="info").digest
    assert rule(condition="> 5 %").digest != rule(condition="> 6 %").digest


def test_every_measure_is_a_gauge_or_has_a_query_over_tables():
    for name, measure in all_measures().items():
        assert bool(measure.query and measure.tables) != bool(measure.read), name


def test_a_wrong_rule_keeps_no_other_from_being_looked_at():
    given = settings(error_rate={"condition": "often"}, mine={"metric": "spans", "condition": "> 3"})
    book = rulebook_of(given)
    assert set(book.rules) == {*shipped_rules(), "mine"} - {"error_rate"}
    assert book.wrong["error_rate"].startswith("alerts.rules.error_rate.condition: 'often' is not understood.")
    assert rule_named(given, "mine").metric == "spans"
    with pytest.raises(ConfigurationError, match="'often' is not understood"):
        rule_named(given, "error_rate")
