"""The life of an alert: raised once, renewed while it lasts, resolved after it ended; silences, people, runs."""

import datetime as dt
from dataclasses import replace

import pytest

from tasks.alerts.flow_runs import FlowRun, events_of_run
from tasks.alerts.life_cycle import Book, bundled, events_at, events_of_gone
from tasks.alerts.rule import rule_of
from tasks.alerts.wording import digest_of, message_of
from tasks.shared.alert_history import AlertEvent, alerts_of, precision, silenced_until
from tasks.shared.errors import ConfigurationError
from tasks.shared.records import HOUR
from tasks.shared.settings import AlertSettings
from tests.alerts.series import amount, history_of, hour, judgement, rate, rule

BAD, GOOD, FEW, NONE = rate(20, 40), rate(0, 40), rate(3, 40), rate(0, 0)
PHOENIX = "http://phoenix.test:6006"


def book(*events, now=None, **settings):
    return Book("shop", events, now or hour(100), AlertSettings(**settings))


def lived(hours, of=None, start=None, **settings):
    """The events of an alert over these hours, evaluated in order."""
    judged = judgement(of or rule(), history_of("error_rate", dict(enumerate(hours))), **settings)
    now = start or book(**settings)
    for end in range(1, len(hours) + 1):
        now = now.with_events(events_at(now, judged, hour(end)))
    return now


def said(of):
    return [(event.event, int((event.start_time - hour(0)) / HOUR)) for event in of.events]


def person(event, at, alert_id="", **values):
    given = {"rule": "r", "series": "", "severity": "warning", "message": event, "who": "ann"} | values
    return AlertEvent(f"{event}-{at}", hour(at), event, alert_id, **given)


def test_an_alert_is_raised_once_and_resolved_when_two_hours_in_a_row_are_well():
    of = lived([GOOD, BAD, BAD, GOOD, BAD, GOOD, GOOD, GOOD])
    assert said(of) == [("raised", 2), ("resolved", 7)]
    raised, resolved = of.events
    assert raised.alert_id == resolved.alert_id
    assert (raised.value, raised.n, raised.limit, raised.channels) == (0.5, 40, 0.05, "chat")
    assert raised.message == (
        "Error rate: 50.0% (95 % interval 35.2% to 64.8%, n 40), 01:00 to 02:00 UTC on 19 November; the limit is 5.0%."
    )
    assert resolved.message.endswith("; the limit is 5.0%. Well again after 5 h.")


def test_an_hour_that_is_not_sure_neither_raises_nor_resolves():
    assert said(lived([FEW, BAD, FEW, FEW, GOOD, FEW, GOOD, GOOD])) == [("raised", 2), ("resolved", 8)]


def test_what_lasts_is_renewed_once_a_day_until_somebody_has_seen_it():
    of = lived([BAD] * 60)
    assert said(of) == [("raised", 1), ("renewed", 25), ("renewed", 49)]
    assert of.events[1].message.endswith("It has lasted for 24 h.")
    alert_id = of.events[0].alert_id
    seen = lived([BAD] * 60, start=book(person("acknowledged", 2, alert_id)))
    assert [each for each in said(seen) if each[0] != "acknowledged"] == [("raised", 1)]


def test_hold_down_waits_and_a_second_episode_is_another_alert():
    of = lived([BAD, GOOD, BAD, BAD, GOOD, GOOD, BAD, BAD], of=rule(for_="1h"))
    assert said(of) == [("raised", 4), ("resolved", 6), ("raised", 8)]
    assert len(alerts_of(of.events)) == 2


def test_evaluating_again_whatever_hours_adds_nothing():
    hours = [GOOD, BAD, BAD, GOOD, GOOD, BAD, GOOD]
    of = lived(hours)
    assert lived(hours, start=of).events == of.events
    # An earlier hour that got worse since then changes nothing that was decided after it.
    worse = [BAD, *hours[1:]]
    assert lived(worse, start=of).events == of.events


def test_an_alert_on_something_that_is_gone_is_closed_after_a_day():
    of = lived([BAD, *[NONE] * 30])
    assert said(of) == [("raised", 1), ("resolved", 25)]
    assert of.events[1].message == "Error rate: nothing to measure any more. Closed after 24 h."


def test_a_silence_keeps_quiet_and_what_still_lasts_is_told_when_it_ends():
    silence = person("silenced", 0, until=hour(10))
    of = lived([BAD] * 3, start=book(silence, now=hour(3)))
    assert [(event.event, event.quiet) for event in of.events[1:]] == [("raised", True)]
    history = history_of("error_rate", dict.fromkeys(range(12), BAD))
    late = replace(of, now=hour(12))
    renewed = events_at(late, judgement(rule(), history), hour(12))
    assert [(event.event, event.quiet) for event in renewed] == [("renewed", False)]


def test_who_was_never_told_of_an_alert_is_not_told_of_its_end():
    silence = person("silenced", 0, until=hour(3))
    of = lived([BAD, GOOD], start=book(silence, now=hour(2)))
    judged = judgement(rule(), history_of("error_rate", dict(enumerate([BAD, GOOD, GOOD]))))
    resolved = events_at(replace(of, now=hour(5)), judged, hour(3))
    assert [(event.event, event.quiet) for event in resolved] == [("resolved", True)]


def test_who_was_told_of_an_alert_before_a_silence_is_told_of_its_end_during_it():
    of = lived([BAD, GOOD])
    silence = person("silenced", 2, until=hour(9))
    judged = judgement(rule(), history_of("error_rate", dict(enumerate([BAD, GOOD, GOOD]))))
    resolved = events_at(replace(of.with_events([silence]), now=hour(4)), judged, hour(3))
    assert [(event.event, event.quiet) for event in resolved] == [("resolved", False)]


def test_an_alert_whose_rule_is_gone_is_closed_and_told_to_those_who_were_told_of_it():
    of = lived([BAD])
    assert events_of_gone(of, {"r"}) == []
    (closed,) = events_of_gone(of, {"other"})
    assert (closed.event, closed.quiet, closed.channels, closed.start_time) == ("resolved", False, "chat", hour(100))
    assert closed.message.startswith("Closed, because the rule is gone: Error rate: 50.0%")
    after = of.with_events([closed])
    assert not alerts_of(after.events)[closed.alert_id].open
    assert events_of_gone(after, {"other"}) == []


def test_a_gauge_that_says_nothing_any_more_resolves_nothing():
    late = rule("ingestion_delay_hours", "> 3")
    judged = judgement(late, history_of("ingestion_delay_hours", {0: amount(9, 1)}))
    of = book().with_events(events_at(book(), judged, hour(1)))
    assert said(of) == [("raised", 1)]
    assert [events_at(of, judged, hour(end)) for end in range(2, 40)] == [[]] * 38


def test_the_last_silence_counts_and_one_of_the_rule_is_for_all_its_series():
    long, ended = person("silenced", 1, until=hour(50)), person("silenced", 3, until=hour(3))
    one = person("silenced", 4, series="name=a", until=hour(9))
    assert silenced_until([long], "r", "name=a", hour(2)) == hour(50)
    assert silenced_until([long, ended], "r", "name=a", hour(4)) is None
    assert silenced_until([one], "r", "name=b", hour(5)) is None
    assert silenced_until([one], "r", "name=a", hour(5)) == hour(9)
    assert silenced_until([one], "r", "name=a", hour(9)) is None
    assert silenced_until([long], "other", "", hour(2)) is None


def test_what_was_resolved_by_a_person_may_be_raised_again_by_a_later_hour():
    of = lived([BAD, BAD])
    by_hand = person("resolved", 3, of.events[0].alert_id)
    judged = judgement(rule(), history_of("error_rate", dict.fromkeys(range(5), BAD)))
    after = of.with_events([by_hand])
    assert events_at(after, judged, hour(3)) == []
    assert [event.event for event in events_at(after, judged, hour(4))] == ["raised"]


def raised(number):
    series = f"name=s{number}"
    return AlertEvent(
        f"e{number}", hour(1), "raised", f"a{number}", "r", series, "warning", "bad", channels="chat pager"
    )


def test_more_than_a_few_at_once_are_one_digest_and_a_few_are_messages():
    few, many = bundled([raised(n) for n in range(5)], 5), bundled([raised(n) for n in range(6)], 5)
    assert {event.bundle for event in few} == {""}
    assert len({event.bundle for event in many}) == 1
    assert many[0].bundle


def test_what_came_and_went_within_one_run_is_a_digest_and_the_rest_is_told_by_itself():
    over = replace(raised(1), event_id="x", event="resolved", start_time=hour(3), severity="critical")
    events = bundled([raised(1), over, raised(2)], 5)
    assert [bool(event.bundle) for event in events] == [True, True, False]
    message = digest_of(events[:2], "chat", "shop", PHOENIX)
    assert (message.event, message.severity, message.title) == (
        "digest",
        "critical",
        "shop: alerts: 1 raised, 1 resolved",
    )
    assert message.text.startswith("2 things happened to alerts: 1 raised, 1 resolved.\n\nr (name=s1) (19 November")
    assert message.message_id == f"alerts:{events[0].bundle}:chat"


def test_a_message_leads_to_its_evidence_and_its_runbook_and_hides_passwords():
    event = lived([BAD]).events[0]
    message = message_of(replace(event, runbook="http://wiki/errors"), "shop", "http://me:secret@phoenix.test")
    assert (message.topic, message.event) == (f"alert:{event.alert_id}", "raised")
    urls = [link.url for link in message.links]
    assert urls == [f"http://phoenix.test/redirects/spans/{20:016x}", "http://wiki/errors"]
    assert message.data["value"] == 0.5
    assert message.facts == (("rule", "r"), ("severity", "warning"), ("owner", "ann"))
    plain = message_of(replace(event, example=""), "shop", PHOENIX)
    assert plain.links[0].url == f"{PHOENIX}/redirects/projects/shop"


def test_precision_is_of_what_people_judged_or_worked_on():
    events = [raised(1), raised(2), raised(3), raised(4)]
    events += [person("false_positive", 2, "a1"), person("acknowledged", 2, "a2"), person("true_positive", 2, "a3")]
    assert precision(alerts_of(events).values()) == {"r": (2, 3)}
    undone = [*events, person("true_positive", 3, "a1")]
    assert precision(alerts_of(undone).values()) == {"r": (3, 3)}
    assert precision(alerts_of([raised(1)]).values()) == {}


FAILED = rule_of("pipeline_failed", {"condition": "failed"}, {}, {"channels": ("chat",), "owner": "ann"})


def test_a_failed_run_is_an_alert_on_its_deployment_until_one_completes():
    run = FlowRun.parse("prefect.flow-run.Failed nightly 11-22 * Flow run encountered an exception: no Phoenix.")
    assert run == FlowRun("Failed", "nightly", "11-22", "", "Flow run encountered an exception: no Phoenix.")
    now = book()
    first = events_of_run(now, FAILED, run)
    assert [(e.event, e.series, e.channels) for e in first] == [("raised", "deployment=nightly", "chat")]
    assert first[0].message == "nightly: a run failed. Flow run encountered an exception: no Phoenix."
    now = now.with_events(first)
    assert events_of_run(now, FAILED, run) == []
    crashed = FlowRun.parse("Crashed nightly 11-23 *")
    assert events_of_run(replace(now, now=hour(123)), FAILED, crashed) == []
    day_after = replace(now, now=hour(124))
    seen = day_after.with_events([person("acknowledged", 101, first[0].alert_id)])
    assert events_of_run(seen, FAILED, crashed) == []
    again = events_of_run(day_after, FAILED, crashed)
    assert [e.event for e in again] == ["renewed"]
    assert events_of_run(now, FAILED, FlowRun.parse("Completed ingestion 11-24 *")) == []
    ended = events_of_run(day_after.with_events(again), FAILED, FlowRun.parse("Completed nightly 11-25 *"))
    assert [(e.event, e.message) for e in ended] == [("resolved", "nightly: a run completed. Well again.")]
    assert len(alerts_of(now.with_events([*again, *ended]).events)) == 1


@pytest.mark.parametrize("text", ["", "Failed", "Running nightly 1 *", "Failed nightly 1"])
def test_what_does_not_tell_of_a_run_is_refused(text):
    with pytest.raises(ConfigurationError, match="does not tell of a flow run"):
        FlowRun.parse(text)


def test_the_run_of_another_project_is_told_of_there():
    assert FlowRun.parse("Late ingestion 1 other").project == "other"
    assert FlowRun.parse("Late ingestion 1 my%20shop/%2A message").project == "my shop/*"
    assert FlowRun.parse("Late ingestion 1 other").sentence == "ingestion: a run has not started in time."
    assert FlowRun.parse("Late ingestion 1 * x").message == "x"


def test_times_are_told_in_hours_then_days():
    from tasks.alerts.wording import lasting

    assert [lasting(dt.timedelta(hours=n)) for n in (1, 47, 60)] == ["1 h", "47 h", "2.5 days"]
