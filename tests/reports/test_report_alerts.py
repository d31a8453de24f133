"""The section of alerts: open ones first, evidence and runbook behind each, precision with its interval."""

import datetime as dt
from dataclasses import asdict, replace

import pytest

from tasks.reports.compose import part
from tasks.shared.alert_history import AlertEvent
from tasks.shared.pages.blocks import Interval, Number, Table, Text
from tests.reports.days import at, evidence_of


def event(event, hour, alert="a1", **values):
    given = {"rule": "error_rate", "series": "", "severity": "critical", "message": "Error rate: 40.0% (n 30)."}
    return AlertEvent(f"{alert}{event}{hour}", at(hour), event, alert, **{**given, **values})


def blocks_of(folder, *events):
    rows = [asdict(each) | {"recorded_at": at(23)} for each in events]
    return part(evidence_of(folder, {"alert_events": rows}), "alerts").blocks


def tables(blocks):
    return {block.title: block for block in blocks if isinstance(block, Table)}


def test_open_alerts_are_warnings_and_come_first(tmp_path):
    opened = event("raised", 14, example="span:00ff", runbook="http://wiki/errors", owner="ann")
    over = [event("raised", 3, "a2", series="name=a"), event("resolved", 5, "a2", series="name=a")]
    blocks = blocks_of(tmp_path, opened, *over)
    assert blocks[0] == Text("critical: error_rate, since 19 November 14:00 UTC: Error rate: 40.0% (n 30).", "warning")
    found = tables(blocks)
    (row,) = found["Open alerts"].rows
    assert row[:5] == ("a1", "error_rate", "critical", "19 Nov 14:00", None)
    assert row[6] == "ann"
    assert [row[8].url, row[9].url] == ["http://phoenix.test:6006/redirects/spans/00ff", "http://wiki/errors"]
    (row,) = found["Resolved"].rows
    assert row[1:5] == ("error_rate (name=a)", "critical", "19 Nov 03:00", "19 Nov 05:00")
    assert row[8].url.endswith("/redirects/projects/shop")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (event("acknowledged", 15, who="ann"), "Acknowledged by ann: error_rate"),
        (event("silenced", 15, "", until=at(23) + dt.timedelta(days=9)), "Silenced until 28 November 23:00 UTC: error"),
    ],
)
def test_what_somebody_knows_of_is_no_warning(tmp_path, more, said):
    blocks = blocks_of(tmp_path, event("raised", 14), more)
    assert (blocks[0].text[: len(said)], blocks[0].tone) == (said, "note")


def test_a_rule_s_precision_has_an_interval_and_says_how_many_were_judged(tmp_path):
    events = [event("raised", 3, f"a{n}") for n in range(6)]
    events += [event("resolved", 5, f"a{n}") for n in range(6)]
    events += [event("false_positive", 6, "a0"), *(event("acknowledged", 4, f"a{n}") for n in (1, 2, 3))]
    (row,) = tables(blocks_of(tmp_path, *events))["How often each rule was right, 90 days"].rows
    assert row[:4] == ("error_rate", Number(6), Number(4), Number(0.75, "share"))
    assert row[4] == Interval(pytest.approx(0.3006, abs=1e-4), pytest.approx(0.9544, abs=1e-4), "share")


def test_hours_that_no_rule_looked_at_come_first_in_the_report_of_the_day_when_that_was_noticed(tmp_path):
    skipped = event("skipped", 14, "", message="3 hours were looked at by no rule.", until=at(10))
    blocks = blocks_of(tmp_path, event("raised", 14), skipped)
    assert blocks[0] == Text("3 hours were looked at by no rule.", "warning")


def test_without_alerts_it_says_so(tmp_path):
    assert blocks_of(tmp_path) == (Text("No alert was raised in the last 90 days."),)


def test_what_happened_after_the_report_was_made_is_not_in_it(tmp_path):
    evidence = evidence_of(tmp_path, {"alert_events": [asdict(event("raised", 14)) | {"recorded_at": at(23)}]})
    before = replace(evidence, made_at=at(13))
    assert part(before, "alerts").blocks == (Text("No alert was raised in the last 90 days."),)
