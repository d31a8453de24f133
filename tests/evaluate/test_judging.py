"""A window judged, over HTTP against the simulated provider, decisions in a real lake."""

import datetime as dt

import pytest

from tasks.evaluate.judging import judge_window
from tasks.evaluate.library import read_judge
from tasks.shared.errors import ConfigurationError
from tasks.shared.records import HOUR, Window
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import SPANS
from tests.evaluate.rows import DAY, span_row, span_table
from tests.providers import books, change, judge_settings, settings_with, simulated

YAML = """
name: brief
version: "{version}"
description: Is the answer brief?
unit: span
select: kind = 'LLM'
inputs: {{input: input, output: output}}
metric: conciseness
sampling: {{rate: {rate}, strata: {{failed: {{where: "status_code = 'ERROR'", rate: 1.0}}}}}}
canaries: [{{inputs: {{input: 'What is the capital of France?', output: Paris.}}, expect: concise}}]
"""
ANOTHER_DAY = Window.of_day(dt.date(2026, 11, 18))


def brief(version="1", rate=1.0):
    return read_judge("brief", "judges/brief.yaml", YAML.format(version=version, rate=rate))


def row(number, day=DAY, **values):
    start = day.start + HOUR * (number % 24)
    asked = {"input": f"Where is parcel {number}?", "output": f"In depot {number}."}
    return span_row(f"s{day.start.day}-{number}", start_time=start, **{**asked, **values})


@pytest.fixture(scope="module")
def provider():
    with simulated() as url:
        yield url


@pytest.fixture
def world(provider, tmp_path):
    """Settings and a lake with 48 units of a day, two in each hour."""
    change(provider, rate_500=0, permanent_status=0)
    settings = settings_with(judge_settings(provider, attempts=2), tmp_path / "lake")
    lake = Lake.open(settings.lake)
    lake.write(SPANS, "p", DAY, span_table(*(row(number) for number in range(48))))
    return settings, lake


async def judged(settings, judge, window=DAY, run="r", told=lambda _: None):
    return await judge_window(settings, judge, "p", window, run, told=told)


def decisions(lake, window=None):
    return lake.sql("SELECT * FROM decisions ORDER BY start_time, unit_id", "p", window).to_pylist()


async def test_a_window_is_judged_once(world, provider):
    settings, lake = world
    first = await judged(settings, brief())
    before = books(provider)["answered"]
    again = await judged(settings, brief())
    assert first.counts["scored"] == 48
    assert first.counts["canaries"] == 1
    assert (again.rows, again.counts, books(provider)["answered"]) == (0, {}, before)
    assert {r["model"] for r in decisions(lake)} == {"simulated/gpt-4o-mini"}
    assert all(r["cost_usd"] > 0 and r["prompt_tokens"] > 0 and r["prompt_digest"] for r in decisions(lake))


async def test_a_changed_unit_is_judged_again_and_the_others_stand(world, provider):
    settings, lake = world
    await judged(settings, brief())
    before, standing = books(provider)["answered"], {r["unit_id"]: r["decided_at"] for r in decisions(lake)}
    changed = span_table(row(7, output="In another depot."))
    lake.write(SPANS, "p", Window(DAY.start + 7 * HOUR, DAY.start + 8 * HOUR), changed)
    receipt = await judged(settings, brief())
    after = {r["unit_id"]: r["decided_at"] for r in decisions(lake)}
    assert receipt.counts["scored"] == 1
    assert books(provider)["answered"] == before + 2, "the canary and the changed unit"
    assert {unit for unit in after if after[unit] != standing[unit]} == {"s19-7"}


async def test_what_had_no_answer_is_asked_again_by_the_next_run(world, provider):
    settings, lake = world
    change(provider, permanent_status=400, permanent_share=0.4)
    first = await judged(settings, brief())
    if first.doubts:  # the canary is among the prompts refused for good
        assert first.counts["pending"] == 48
    else:
        assert first.counts["errored"] + first.counts["scored"] == 48
        assert any("errored, first: refused" in note for note in first.notes)
    change(provider, permanent_status=0)
    again = await judged(settings, brief())
    assert again.doubts == ()
    assert {r["status"] for r in decisions(lake)} == {"scored"}


async def test_units_left_out_have_a_row_that_says_why(world):
    settings, lake = world
    failed = [row(number, status_code="ERROR") for number in range(100, 110)]
    silent = [row(number, output=None) for number in range(110, 113)]
    tools = [row(number, kind="TOOL") for number in range(113, 116)]
    lake.write(SPANS, "p", DAY, span_table(*(row(number) for number in range(48)), *failed, *silent, *tools))
    receipt = await judged(settings, brief(rate=0.25))
    rows = {r["unit_id"]: r for r in decisions(lake)}
    assert len(rows) == 48 + 10 + 3, "tool spans are not eligible, so they have no row"
    assert all(rows[f"s19-{n}"]["status"] == "scored" for n in range(100, 110)), "every failure is judged"
    assert {rows[f"s19-{n}"]["inclusion_probability"] for n in range(100, 110)} == {1.0}
    assert {rows[f"s19-{n}"]["stratum"] for n in range(100, 110)} == {"failed"}
    assert {rows[f"s19-{n}"]["status"] for n in range(110, 113)} == {"not_applicable"}
    assert "output missing" in rows["s19-110"]["explanation"]
    usual = [rows[f"s19-{n}"] for n in range(48)]
    assert {r["inclusion_probability"] for r in usual} == {0.25}
    assert 3 <= sum(r["status"] == "scored" for r in usual) <= 24
    assert receipt.counts["sampled_out"] == sum(r["status"] == "sampled_out" for r in usual)


async def test_the_newest_part_is_judged_first_and_stays_when_the_budget_ends(world, provider, tmp_path):
    settings, lake = world
    lake.write(SPANS, "p", ANOTHER_DAY, span_table(*(row(number, ANOTHER_DAY) for number in range(48))))
    poor = settings_with(judge_settings(provider, in_flight=1, chunk_units=10), settings.lake.root, per_run_usd=0.003)
    told = []
    receipt = await judged(poor, brief(), Window(ANOTHER_DAY.start, DAY.end), told=told.append)
    assert receipt.counts["budget_stopped"]
    assert any("budget_stopped, first: budget run:r of 0.003 USD has no room" in note for note in receipt.notes)
    rows = decisions(lake)
    assert len(rows) == 96, "every eligible unit has a decision"
    newest_stopped = max(r["start_time"] for r in rows if r["status"] == "budget_stopped")
    assert all(r["status"] == "scored" for r in rows if r["start_time"] > newest_stopped)
    parts = [line for line in told if "units to judge" in line]
    assert len(parts) >= 8
    assert "2026-11-19T" in parts[0]
    assert "2026-11-18T" in parts[-1]
    rich = await judged(settings, brief(), Window(ANOTHER_DAY.start, DAY.end), run="another")
    assert {r["status"] for r in decisions(lake)} == {"scored"}
    assert rich.counts["scored"] == receipt.counts["budget_stopped"]


async def test_an_edited_judge_is_another_version_or_refused(world):
    settings, lake = world
    await judged(settings, brief())
    edited = brief().model_copy(update={"passes_at": 0.9})
    with pytest.raises(ConfigurationError, match=r"passes_at changed .*version is still '1'"):
        await judged(settings, edited)
    await judged(settings, brief(version="2"))
    versions = lake.sql(
        "SELECT version, count(*) AS n FROM decisions GROUP BY version ORDER BY version", "p"
    ).to_pylist()
    assert versions == [{"version": "1", "n": 48}, {"version": "2", "n": 48}]


async def test_a_judge_with_sql_over_no_column_is_refused_before_anything_is_asked(world, provider):
    settings, _ = world
    before = books(provider)["answered"]
    with pytest.raises(ConfigurationError, match="select is no SQL over the columns of a span"):
        await judged(settings, brief().model_copy(update={"select": "colour = 'red'"}))
    assert books(provider)["answered"] == before


async def test_a_broken_judge_leaves_units_pending_and_the_receipt_in_doubt(world, provider):
    settings, lake = world
    change(provider, broken_judge=True)
    receipt = await judged(settings, brief())
    change(provider, broken_judge=False)
    assert receipt.counts["pending"] == 48
    assert "brief: a question with a known verdict" in receipt.doubts[0]
    assert all(r["score"] is None and r["cost_usd"] == 0 for r in decisions(lake))
    sound = await judged(settings, brief())
    assert (sound.counts["scored"], sound.doubts) == (48, ())


def anchors(lake):
    return lake.sql("SELECT * FROM anchors ORDER BY unit_id", "p").to_pylist()


async def test_anchors_are_asked_again_once_in_every_run_and_tell_whether_it_is_the_same_judge(world, provider):
    settings, lake = world
    settings = settings_with(judge_settings(provider, anchors=8), settings.lake.root)
    first = await judged(settings, brief())
    assert "anchors" not in first.counts, "the first answers are the anchors on record"
    lake.write(SPANS, "p", ANOTHER_DAY, span_table(*(row(number, ANOTHER_DAY, output="Old.") for number in range(4))))
    second = await judged(settings, brief(), ANOTHER_DAY, run="second")
    assert second.counts["anchors"] == 8
    assert [one["label"] == one["recorded"] for one in anchors(lake)] == [True] * 8
    lake.write(SPANS, "p", ANOTHER_DAY, span_table(*(row(number, ANOTHER_DAY, output="New.") for number in range(4))))
    same = await judged(settings, brief(), ANOTHER_DAY, run="second")
    assert (same.counts["scored"], same.counts.get("anchors", 0)) == (4, 0), "another window of the same run"
    lake.write(SPANS, "p", ANOTHER_DAY, span_table(*(row(number, ANOTHER_DAY, output="More.") for number in range(4))))
    third = await judged(settings, brief(), ANOTHER_DAY, run="third")
    assert (third.counts["anchors"], len({one["run"] for one in anchors(lake)})) == (8, 2)


async def test_another_model_is_another_judge_and_the_one_before_scores_some_units_beside_it(world, provider):
    settings, lake = world
    await judged(settings, brief())
    lake.write(SPANS, "p", ANOTHER_DAY, span_table(*(row(number, ANOTHER_DAY) for number in range(48))))
    other = judge_settings(provider, overlap_units=20, model="simulated/gpt-4o")
    receipt = await judged(settings_with(other, settings.lake.root), brief(), ANOTHER_DAY)
    rows = decisions(lake, ANOTHER_DAY)
    models = {(r["version"], r["model"]) for r in rows if r["status"] == "scored"}
    assert models == {("1", "simulated/gpt-4o-mini"), ("1-simulated-gpt-4o", "simulated/gpt-4o")}
    assert receipt.counts["scored"] == 48
    assert 10 <= receipt.counts["overlap_scored"] <= 35, "about twenty"
    assert {r["version"] for r in decisions(lake, DAY)} == {"1"}, "what the earlier model judged stays as it is"


async def test_an_earlier_model_that_nobody_can_ask_any_more_is_left_alone(world, provider, caplog):
    settings, lake = world
    await judged(settings, brief())
    other = judge_settings(provider, overlap_units=20, model="elsewhere/gpt-4o")
    other = other.model_copy(update={"providers": {"elsewhere": other.providers["simulated"]}})
    lake.write(SPANS, "p", ANOTHER_DAY, span_table(*(row(number, ANOTHER_DAY) for number in range(4))))
    receipt = await judged(settings_with(other, settings.lake.root), brief(), ANOTHER_DAY)
    assert (receipt.counts["scored"], receipt.doubts) == (4, ())
    assert "brief@1 scores no units beside its next version: provider 'simulated' is not configured" in caplog.text


async def test_a_new_version_and_the_one_before_score_some_units_together(world, provider):
    settings, lake = world
    settings = settings_with(judge_settings(provider, overlap_units=20), settings.lake.root)
    await judged(settings, brief())
    lake.write(SPANS, "p", ANOTHER_DAY, span_table(*(row(number, ANOTHER_DAY) for number in range(48))))
    receipt = await judged(settings, brief(version="2"), ANOTHER_DAY)
    rows = decisions(lake, ANOTHER_DAY)
    both = [r["unit_id"] for r in rows if r["version"] == "1" and r["status"] == "scored"]
    assert receipt.counts["scored"] == 48
    assert 10 <= len(both) <= 35, "about twenty"
    old = [r for r in rows if r["version"] == "1"]
    assert {r["inclusion_probability"] for r in old} == {20 / 48}
    assert max(r["decided_at"] for r in old) < min(r["decided_at"] for r in rows if r["version"] == "2")
    await judged(settings, brief(version="2"))
    of_the_first_day = [r["decided_at"] for r in decisions(lake, DAY) if r["version"] == "1"]
    assert len(of_the_first_day) == 48, "the earlier version had judged it already"
