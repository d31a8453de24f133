"""The ledger: what it says of each version, and when it says to refresh."""

import datetime as dt
import json

from tasks.curate.ledger import Evidence, ledger, reasons
from tasks.curate.ledger_pages import ledger_path, page, records, sentences
from tasks.shared.pages.markdown import markdown
from tasks.shared.settings import CurationSettings
from tasks.shared.statistics.estimate import Estimate
from tests.curate.traffic_rows import QUESTIONS

AT = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


def version(name, days_ago, examples):
    row = {"version": name, "start_time": AT - dt.timedelta(days=days_ago), "examples": examples, "added": 1}
    return row | {"phoenix_version_id": f"id of {name}"}


def example(number, version_name, session="s"):
    text = json.dumps({"input": QUESTIONS[number]})
    return {"span_id": f"{number}", "session_id": f"{session}{number}", "version": version_name, "input": text}


def evidence(traffic=QUESTIONS[:4]):
    return Evidence(
        versions=[version("v1", 100, 1), version("v2", 1, 2)],
        examples=[example(0, "v1"), example(1, "v2"), example(5, "not yet complete")],
        decisions={"v1": 2, "id of v1": 1, "v2": 1, "v9": 7},
        traffic=traffic,
    )


def test_each_version_has_its_age_decisions_and_fit_the_latest_first():
    kept = ledger("golden", evidence(), CurationSettings(), AT)
    told = [(each.version, each.age_days, each.decisions, each.covered.value) for each in kept.entries]
    assert told == [("v2", 1, 1, 0.5), ("v1", 100, 3, 0.25)]
    assert [bool(each.due) for each in kept.entries] == [False, True]
    assert kept.due == ()
    assert kept.entries[0].told_apart is None


def test_it_is_due_by_age_by_decisions_and_by_an_auc_that_is_surely_too_high():
    settings = CurationSettings(refresh_after_days=30, refresh_after_decisions=5, refresh_at_auc=0.7)
    unsure, sure = (Estimate(0.9, low, 0.95, 0.1, 40, 40, 40) for low in (0.69, 0.71))
    assert reasons(29, 4, unsure, settings) == ()
    assert len(reasons(30, 5, sure, settings)) == 3
    assert "AUC of at least 0.71" in reasons(0, 0, sure, settings)[0]


def test_people_and_programs_read_the_same_numbers():
    traffic = [*QUESTIONS[:2], *(f"Will it <rain> in {place} tomorrow?" for place in ("Rome", "Oslo"))]
    kept = ledger("golden", evidence(traffic), CurationSettings(refresh_after_days=1), AT)
    said = sentences(kept)
    assert said[0] == "v2 is 1 days old; 1 gate decisions were taken on it."
    assert said[1] == "It has something like 50.0% (15.0% to 85.0%, n=4) of the traffic's questions."
    assert said[2].startswith("Not covered, 50.0% (15.0% to 85.0%, n=4): Will it <rain> in Oslo tomorrow?")
    assert said[3].startswith("Refresh it: it is 1 days old")
    text = markdown(page(kept, "p", AT))
    assert "| v2 | 2026-11-19 | 2 | 1 | 1 | 1 |" in text
    assert r"Will it \<rain\> in Oslo" in text
    assert "**Warning:** Refresh it" in text
    content = json.loads(records(kept))
    assert [each["version"] for each in content["versions"]] == ["v2", "v1"]
    assert content["uncovered_topics"][0]["count"] == 2
    assert ledger_path("a/b", "golden", "x.md") == "reports/datasets/project=a%2Fb/golden/x.md"


def test_without_a_version_there_is_nothing_to_say():
    empty = ledger("golden", Evidence([], [], {}, QUESTIONS), CurationSettings(), AT)
    assert sentences(empty) == ("golden has no version yet.",)
    assert empty.due == ()
