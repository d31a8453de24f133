"""Back-tests: when a rule would have fired, how often, how fast a simulated drop is found; all without writing."""

import json
import random
from dataclasses import replace
from random import Random

import pytest

from tasks.alerts.back_test import back_test, note_tested, sentences, untested
from tasks.alerts.measure import all_measures
from tasks.alerts.replaying import Replay, changed, more_is_bad, replay
from tasks.alerts.rulebook import rules_of
from tasks.shared.errors import ConfigurationError
from tasks.shared.statistics.sketch import parsed, quantile_of
from tasks.shared.statistics.sums import share_of_sums
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import ALERT_EVENTS
from tests.alerts.hours import DAY, PROJECT, ingested, traffic
from tests.alerts.running import run, settings_below
from tests.alerts.series import amount, history_of, hour, judgement, rate, rule, times
from tests.reports.days import at

DAYS = 8


def quiet(hours=DAYS * 24, n=100, usual=0.02, bad=()):
    draw = random.Random(5)
    return {i: rate(n // 2 if i in bad else sum(draw.random() < usual for _ in range(n)), n) for i in range(hours)}


def replayed(hours, **keys):
    of = judgement(rule(**keys), history_of("error_rate", hours))
    return replay(of, [hour(n) for n in range(1, len(hours) + 1)])


def test_it_tells_when_the_rule_would_have_fired_and_how_often():
    found = replayed(quiet(bad=(30, 31, 100)))
    fired = [(alert.raised.start_time, alert.resolved.start_time) for alert in found.alerts]
    assert fired == [(hour(31), hour(34)), (hour(101), hour(103))]
    rate_, low, high = found.per_week
    assert rate_ == pytest.approx(2 * 7 / DAYS)
    assert low == pytest.approx(0.2422 * 7 / DAYS, rel=1e-3)
    assert high == pytest.approx(7.2247 * 7 / DAYS, rel=1e-3)


def test_larger_drops_are_found_sooner_and_more_often():
    found = replayed(quiet())
    assert [drop.drop for drop in found.drops] == [0.05, 0.1, 0.2]
    assert all(drop.tries >= 3 for drop in found.drops)
    assert [drop.found / drop.tries for drop in found.drops][1:] == [1.0, 1.0]
    assert found.drops[2].median_hours == 1.0
    assert found.drops[2].median_hours <= found.drops[1].median_hours


def test_hours_without_a_verdict_are_not_taken_for_quiet_ones():
    found = replayed({n: rate(0, 100 if n < 24 else 0) for n in range(96)})
    assert (found.hours, found.measured) == (24, 96)
    assert "over 1.0 days with a verdict, of 4.0 measured" in next(sentences(found))
    nothing = replayed({n: rate(0, 0) for n in range(48)})
    assert next(sentences(nothing)) == "r: in none of the 2.0 measured days it had a verdict."


def test_a_judged_rule_on_days_is_replayed_once_a_day():
    history = history_of("pass_rate", {n: rate(50, 100) for n in range(72)}, "evaluator=a")
    judged = judgement(rule("pass_rate", "< 85 %", window="1d", by="evaluator"), history)
    found = replay(judged, [hour(n) for n in range(1, 73)])
    assert [alert.raised.start_time for alert in found.alerts] == [hour(24)]
    assert (found.hours, found.measured) == (72, 72)


def test_only_the_series_that_the_rule_looks_at_count():
    history = history_of("error_rate", quiet(48), "name=a")
    history_of("error_rate", quiet(48, n=500), "name=b", history)
    found = replay(judgement(rule(by="name", series=["a"]), history), [hour(n) for n in range(1, 49)])
    assert (found.series, found.dropped) == (1, "name=a")


def test_a_drop_is_not_looked_for_where_an_alert_is_open_already():
    always = replayed({n: rate(50, 100) for n in range(DAYS * 24)})
    assert [drop.tries for drop in always.drops] == [0, 0, 0]
    assert any("too few quiet days" in sentence for sentence in sentences(always))


@pytest.mark.parametrize(
    ("metric", "condition", "rises"),
    [
        ("error_rate", "> 5 %", True),
        ("satisfaction", "< 85 %", False),
        ("satisfaction", "> 99 %", True),
        ("spans", "< 800", False),
        ("spans", "> 1300", True),
        ("spans", "rises", True),
        ("spans", "falls", False),
        ("spans", "changes", False),
        ("cost_usd", "changes", True),
    ],
)
def test_a_drop_goes_where_it_is_bad_for_the_rule(metric, condition, rises):
    assert more_is_bad(rule(metric, condition), all_measures()[metric]) is rises


@pytest.mark.parametrize(("condition", "what"), [("> 1150", "rise"), ("< 850", "drop")])
def test_too_many_spans_and_too_few_are_both_found(condition, what):
    of = judgement(rule("spans", condition), history_of("spans", {n: amount(1000.0) for n in range(DAYS * 24)}))
    found = replay(of, [hour(n) for n in range(1, DAYS * 24 + 1)])
    assert [drop.found / drop.tries for drop in found.drops] == [0.0, 0.0, 1.0]
    assert list(sentences(found))[-1].startswith(f"  A simulated {what} of 20%: found in ")


def test_a_share_moves_by_points_and_anything_else_by_percent():
    measures, draw = all_measures(), Random(1)
    failing = changed(rate(200, 10_000), measures["error_rate"], 0.1, draw, rises=True).sums
    assert share_of_sums(failing).value == pytest.approx(0.12, abs=0.01)
    assert failing.total_squares == pytest.approx(failing.total, rel=0.02)
    happy = changed(rate(9_000, 10_000), measures["satisfaction"], 0.2, draw, rises=False).sums
    assert share_of_sums(happy).value == pytest.approx(0.7, abs=0.015)
    assert changed(amount(50.0), measures["cost_usd"], 0.2, draw, rises=True).sums.total == pytest.approx(60.0)
    assert changed(amount(50.0), measures["spans"], 0.2, draw, rises=False).sums.total == pytest.approx(40.0)
    slow = changed(times(*[1000.0] * 50), measures["latency_p95_ms"], 0.2, draw, rises=True)
    assert quantile_of(parsed(slow.sketch), 0.95)[0] == pytest.approx(1200.0, rel=0.02)
    assert changed(rate(0, 0), measures["error_rate"], 0.1, draw, rises=True) == rate(0, 0)


def test_what_is_said_of_it_is_one_sentence_for_each_thing():
    said = list(sentences(replayed(quiet(bad=(30,)))))
    assert said[0].startswith(
        "r, replayed over 8.0 days with a verdict, of 8.0 measured, and 1 series: it would have fired once, "
        "0.88 times a week (95 % interval 0.02 to "
    )
    assert said[1].startswith("  2026-11-20 07:00 to 2026-11-20 09:00: Error rate: 50.0%")
    assert said[-1].startswith("  A simulated rise of 20%: found in ")
    assert next(sentences(Replay("r", 0, 0, ()))) == "r: nothing is measured yet that it could be replayed over."


def test_from_the_lake_nothing_is_written_and_a_rule_is_tested_once(tmp_path):
    settings = settings_below(tmp_path)
    lake = Lake.open(settings.lake)
    for n in range(24):
        traffic(lake, at(n), 30, 20 if n == 9 else 0)
    run(settings, DAY.end)
    before = lake.read(ALERT_EVENTS, PROJECT).num_rows
    rules = rules_of(settings)
    found = back_test(lake, PROJECT, settings, rules["error_rate"], DAY.end)
    assert (found.hours, [alert.raised.start_time for alert in found.alerts]) == (24, [at(10)])
    assert lake.read(ALERT_EVENTS, PROJECT).num_rows == before
    assert untested(lake, PROJECT, rules, DAY.start.date()) == [rules["error_rate"]]
    note_tested(lake, PROJECT, rules["error_rate"], found, DAY.start.date())
    assert untested(lake, PROJECT, rules, DAY.start.date()) == []
    # A day with a verdict is too little to trust: it is tested again on the next one, until there is a week.
    assert untested(lake, PROJECT, rules, DAY.end.date()) == [rules["error_rate"]]
    note_tested(lake, PROJECT, rules["error_rate"], replace(found, hours=168), DAY.start.date())
    assert untested(lake, PROJECT, rules, DAY.end.date()) == []
    changed = rules_of(settings_below(tmp_path, rules={"error_rate": {"condition": "> 9 %"}}))
    assert untested(lake, PROJECT, changed, DAY.end.date())[0] == changed["error_rate"]


def test_a_rule_about_runs_has_nothing_to_replay(tmp_path):
    settings = settings_below(tmp_path, rules={})
    with pytest.raises(ConfigurationError, match="nothing to replay"):
        back_test(Lake.open(settings.lake), PROJECT, settings, rules_of(settings)["pipeline_failed"], DAY.end)


def test_the_command_measures_what_is_missing_and_prints_it(tmp_path, monkeypatch, capsys):
    from flows.__main__ import main

    settings = settings_below(tmp_path)
    monkeypatch.setenv("NIGHTJAR_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("NIGHTJAR_PROJECT", PROJECT)
    monkeypatch.setenv("NIGHTJAR_LAKE__ROOT", settings.lake.root)
    ingested(Lake.open(settings.lake), DAY)
    assert main(["alerts", "backtest", "error_rate", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["rule"], said["alerts"]) == ("error_rate", [])
    assert main(["alerts", "backtest", "eror_rate"]) == 1
