"""Hours in a lake become alerts and messages: each once, in order, after outages, kills and deaf channels."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tasks.alerts.evaluating import Clock, calibrations, evaluate, events_of, write_events
from tasks.alerts.hours import decided_hours
from tasks.alerts.rulebook import Rulebook, rule_named, shipped_rules
from tasks.shared.alert_history import AlertEvent, alerts_of
from tasks.shared.records import HOUR, Window
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DELIVERIES
from tests.alerts.hours import DAY, PROJECT, ingested, traffic, write
from tests.alerts.running import run, settings_below, told
from tests.reports.days import at, decision, metric

BAD_HOURS = (9, 10)
NO_RULE = {name: {"enabled": False} for name in shipped_rules()}


@pytest.fixture
def settings(tmp_path):
    return settings_below(tmp_path)


def fill(settings, hours, bad=BAD_HOURS):
    lake = Lake.open(settings.lake)
    for hour in hours:
        traffic(lake, at(hour), 30, 30 if hour in bad else 0)
    return lake


def happened(lake):
    events = events_of(lake, PROJECT, DAY.end)
    return [(event.event, event.start_time.hour) for event in sorted(events, key=lambda event: event.start_time)]


def test_hour_by_hour_an_alert_is_raised_told_resolved_and_told(settings, tmp_path):
    lake = fill(settings, range(8, 14))
    for closed in range(9, 15):
        run(settings, at(closed))
    assert happened(lake) == [("raised", 10), ("resolved", 13)]
    assert told(tmp_path / "told") == ["shop: error_rate", "shop: resolved: error_rate"]
    assert run(settings, at(14))[1].deliveries == ()


def test_a_first_run_looks_at_the_newest_hour_and_not_at_the_past(settings):
    lake = fill(settings, range(6, 13))
    done, _ = run(settings, at(13))
    assert (done.hours, happened(lake)) == ((at(12),), [])


def test_after_an_outage_every_hour_is_evaluated_and_what_is_over_is_one_digest(settings, tmp_path):
    lake = fill(settings, range(6, 7))
    run(settings, at(7))
    fill(settings, range(7, 14))
    done, sent = run(settings, at(14))
    assert done.hours == tuple(at(hour) for hour in range(7, 14))
    assert happened(lake) == [("raised", 10), ("resolved", 13)]
    assert [each.status for each in sent.deliveries] == ["sent"]
    assert told(tmp_path / "told") == ["shop: alerts: 1 raised, 1 resolved"]


def test_hours_too_long_ago_to_be_evaluated_are_counted_and_noted_once(tmp_path):
    settings = settings_below(tmp_path, catch_up_hours=4)
    lake = fill(settings, range(6, 7))
    run(settings, at(7))
    assert run(settings, at(13))[0].skipped == 0  # nothing is ingested: the hours may still come
    fill(settings, range(7, 14))
    done, sent = run(settings, at(14))
    assert (done.hours, done.skipped) == (tuple(at(hour) for hour in range(10, 14)), 3)
    (event,) = [event for event in done.events if event.event == "skipped"]
    assert event.message == (
        "3 hours, 2026-11-19 07:00 to 2026-11-19 10:00 UTC, were looked at by no rule: the outage was longer than "
        "alerts.catch_up_hours."
    )
    assert event in events_of(lake, PROJECT, DAY.end)
    assert not any("skipped" in each.topic for each in sent.deliveries)
    assert run(settings, at(14))[0].skipped == 0


def test_days_too_long_ago_for_judged_rules_are_noted_too(tmp_path):
    judged = {"metric": "pass_rate", "condition": "< 85 %", "window": "1d", "by": "evaluator"}
    settings = settings_below(tmp_path, rules={**NO_RULE, "passing": judged})
    lake = fill(settings, range(24), bad=())
    lake.put_file(f"progress/project={PROJECT}/date={DAY.start.date()}/done", b"x")
    run(settings, DAY.end + 9 * HOUR)
    done, _ = run(settings, DAY.end + 10 * 24 * HOUR)
    (said,) = [event.message for event in done.events if event.event == "skipped"]
    assert said.startswith("144 hours, 2026-11-20 00:00 to 2026-11-26 00:00 UTC, were looked at by no rule on judged")


def test_an_hour_that_never_comes_is_waited_for_and_then_left_out(settings):
    lake = fill(settings, range(6, 7))
    run(settings, at(7))
    fill(settings, (7, 9, 10), bad=(9,))
    assert run(settings, at(11))[0].hours == (at(7),)
    fill(settings, (11, 12), bad=())
    done, _ = run(settings, at(13))
    assert done.given_up == (at(8),)
    assert done.hours == (at(9), at(10), at(11), at(12))
    assert happened(lake) == [("raised", 10), ("resolved", 12)]


def test_a_window_is_replayed_and_a_second_time_nothing_is_new(settings, tmp_path):
    lake = fill(settings, range(6, 14))
    window = Window(at(6), at(14))
    assert len(run(settings, at(14), window)[0].events) == 2
    before = (happened(lake), told(tmp_path / "told"))
    done, sent = run(settings, at(14), window)
    assert (done.events, sent.deliveries) == ((), ())
    assert (happened(lake), told(tmp_path / "told")) == before


def test_a_channel_that_fails_stops_no_other_and_is_told_in_order_by_a_later_run(tmp_path):
    deaf = tmp_path / "deaf"
    deaf.write_text("a file where a folder should be")
    channels = {
        "files": {"kind": "file", "folder": str(tmp_path / "told")},
        "deaf": {"kind": "file", "folder": str(deaf / "inside"), "attempts": 1},
    }
    settings = settings_below(tmp_path, channels)
    lake = fill(settings, range(8, 14))
    for closed in range(9, 13):
        run(settings, at(closed))
    _, sent = run(settings, at(13))
    # The raise is tried again first; behind it the end waits.
    assert [(each.channel, each.status) for each in sent.deliveries] == [("deaf", "failed"), ("files", "sent")]
    assert sent.held_back == 1
    assert len(told(tmp_path / "told")) == 2
    deaf.unlink()
    _, sent = run(settings, at(13))
    assert [(each.channel, each.status) for each in sent.deliveries] == [("deaf", "sent")] * 2
    assert told(deaf) == told(tmp_path / "told")
    rows = lake.read(DELIVERIES, PROJECT).to_pylist()
    assert {(row["channel"], row["status"]) for row in rows} == {("files", "sent"), ("deaf", "sent")}


def test_two_runs_at_once_raise_one_alert(settings, tmp_path):
    lake = fill(settings, range(8, 11))
    run(settings, at(9))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: run(settings, at(11)), range(4)))
    assert happened(lake) == [("raised", 10)]
    assert told(tmp_path / "told") == ["shop: error_rate"]


def test_an_alert_of_a_rule_that_was_switched_off_is_closed_and_told_one_of_a_wrong_rule_is_kept(settings, tmp_path):
    lake = fill(settings, range(8, 10))
    run(settings, at(9))
    run(settings, at(10))
    run(settings_below(tmp_path, rules={"error_rate": {"condition": "often"}}), at(11))
    assert happened(lake) == [("raised", 10)]
    run(settings_below(tmp_path, rules={"error_rate": {"enabled": False}}), at(12))
    assert happened(lake) == [("raised", 10), ("resolved", 12)]
    assert told(tmp_path / "told") == ["shop: error_rate", "shop: resolved: error_rate"]


def test_a_judged_rule_sees_every_hour_of_a_day_once_when_the_night_has_decided_it(tmp_path):
    judged = {"metric": "pass_rate", "condition": "< 85 %", "window": "1d", "by": "evaluator"}
    settings = settings_below(tmp_path, rules={**NO_RULE, "passing": judged})
    lake = fill(settings, range(24), bad=())
    next_day = DAY.end
    run(settings, next_day)
    run(settings, next_day + HOUR)
    assert happened(lake) == []
    # All of the failures are of the first hours, which no window of a day that ends in the morning has in it.
    scored = [decision("a", number, score=0.0, start_time=at(number % 6)) for number in range(60)]
    write(lake, "decisions", scored, DAY)
    run(settings, next_day + 8 * HOUR)
    assert happened(lake) == []
    lake.put_file(f"progress/project={PROJECT}/date={DAY.start.date()}/done", b"x")
    done, sent = run(settings, next_day + 9 * HOUR)
    assert [(event.rule, event.event, event.start_time, event.n) for event in done.events] == [
        ("passing", "raised", next_day, 60)
    ]
    assert sent.counts["sent"] == 1
    assert run(settings, next_day + 10 * HOUR)[0].events == ()


def test_where_no_night_ever_runs_judged_rules_look_at_each_day_two_days_later(tmp_path):
    judged = {"metric": "pass_rate", "condition": "< 85 %", "window": "1d", "by": "evaluator"}
    settings = settings_below(tmp_path, rules={**NO_RULE, "passing": judged})
    lake = fill(settings, range(24), bad=())
    write(
        lake, "decisions", [decision("a", number, score=0.0, start_time=at(number % 24)) for number in range(60)], DAY
    )
    for hours in (9, 33, 47):
        run(settings, DAY.end + hours * HOUR)
        assert events_of(lake, PROJECT, DAY.end + hours * HOUR) == []
    done, _ = run(settings, DAY.end + 48 * HOUR)
    assert [(event.event, event.start_time) for event in done.events] == [("raised", DAY.end)]


def test_a_day_that_no_night_decides_is_waited_for_two_days(settings):
    lake = Lake.open(settings.lake)
    assert decided_hours(lake, PROJECT, DAY.start, DAY.end + 47 * HOUR) == []
    assert decided_hours(lake, PROJECT, DAY.start, DAY.end + 48 * HOUR) == list(DAY.hours())


def test_a_window_by_hand_does_not_keep_hours_before_it_from_being_evaluated(settings):
    fill(settings, range(6, 7))
    run(settings, at(7))
    fill(settings, range(7, 14))
    run(settings, at(14), Window(at(12), at(13)))
    assert run(settings, at(14))[0].hours == tuple(at(hour) for hour in range(7, 14))


POINTS = (
    ("tasks.shared.store.stage:Stage._publish_partition", 1, "/measurements/"),
    ("tasks.shared.store.lake:Lake.put_file", 1, "measured.json"),
    ("tasks.shared.store.stage:Stage._publish_partition", 1, "/alert_events/"),
    ("tasks.shared.store.lake:Lake.put_file", 1, "alerting.json"),
    ("tasks.alerts.telling:deliver", 1, "alert:"),
    ("tasks.shared.channels.deliveries:Ledger.record", 1, "alert:"),
)


def test_killed_anywhere_and_run_again_it_ends_as_an_undisturbed_run(tmp_path):
    quiet, killed = settings_below(tmp_path / "quiet"), settings_below(tmp_path / "killed")
    for settings in (quiet, killed):
        fill(settings, range(8, 11))
        run(settings, at(9))
    run(quiet, at(11))
    environment = {**os.environ, "PYTHONPATH": "."}
    command = [sys.executable, "-m", "tests.alerts.killed_alerting", json.dumps(POINTS), str(tmp_path / "killed")]
    done = subprocess.run([*command, at(11).isoformat()], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [*[signal.SIGKILL] * len(POINTS), 0]
    assert happened(Lake.open(killed.lake)) == happened(Lake.open(quiet.lake)) == [("raised", 10)]
    assert told(tmp_path / "killed" / "told") == told(tmp_path / "quiet" / "told") == ["shop: error_rate"]


def test_an_event_is_a_row_of_its_own_file_and_comes_back_as_it_was(settings):
    lake = Lake.open(settings.lake)
    event = AlertEvent(
        "e1", at(3), "raised", "a1", "r", "", "critical", "bad", value=0.5, n=3, until=at(5), channels="a b", quiet=True
    )
    write_events(lake, PROJECT, settings, [event])
    write_events(lake, PROJECT, settings, [AlertEvent("e2", at(4), "resolved", "a1", "r", "", "critical", "good")])
    write_events(lake, PROJECT, settings, [event])
    events = events_of(lake, PROJECT, DAY.end)
    assert event in events
    assert len(events) == 2
    assert not alerts_of(events)["a1"].open


def test_calibrations_come_from_the_metrics_of_earlier_days(settings):
    lake = Lake.open(settings.lake)
    rows = [
        metric("judge_tpr/toxicity", 0.9, low=0.7, high=0.97, n=20),
        metric("judge_tnr/toxicity", 0.8, low=0.6, high=0.92, n=20),
        metric("judge_tpr/halfway", 0.9, low=0.7, high=0.97, n=20),
    ]
    write(lake, "metrics", rows, DAY)
    found = calibrations(lake, PROJECT, DAY.end)
    assert list(found) == ["toxicity"]
    assert found["toxicity"][0].tpr.value == 0.9
    assert calibrations(lake, PROJECT, DAY.start - HOUR) == {}


def test_gauges_are_evaluated_for_the_last_closed_hour_whatever_was_ingested(tmp_path):
    from tasks.alerts.measuring import read_gauges

    settings = settings_below(tmp_path, rules={"pipeline_late": {"severity": "critical"}})
    lake = Lake.open(settings.lake)
    ingested(lake, Window(at(5), at(6)))
    read_gauges(lake, PROJECT, settings, at(6))
    read_gauges(lake, PROJECT, settings, at(12))
    rules = Rulebook({"pipeline_late": rule_named(settings, "pipeline_late")}, {})
    done = evaluate(lake, PROJECT, settings, rules, Clock(at(12), at(12)))
    assert [event.message for event in done.events] == [
        "Ingestion behind: 6 h at 12:00 UTC on 19 November; the limit is 3 h."
    ]
    again = evaluate(lake, PROJECT, settings, rules, Clock(at(12), at(12)))
    assert again.events == ()
