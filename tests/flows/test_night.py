"""The order of a backfill's work, with every stage replaced: what waits for what, and what a failure leaves."""

import asyncio
import datetime as dt

import pytest

from flows import night as night_module
from flows.night import Night
from tasks.fetch.progress import OutdatedDay
from tasks.shared.errors import Inconclusive, ServiceUnavailable
from tasks.shared.records import Batch

FIRST, SECOND = (OutdatedDay(dt.date(2026, 11, day), f"content of {day}") for day in (18, 19))


class Stages:
    """Stands for the subflows and steps; notes what begins and ends."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.noted: list[str] = []
        self.fails: dict[str, Exception] = {}
        for name in ("evaluation", "reconcile_cost", "tracking", "reporting"):
            monkeypatch.setattr(night_module, name, self.stage(name))
        monkeypatch.setattr(night_module, "note_awaited", lambda *_: None)
        monkeypatch.setattr(
            night_module, "mark_done", lambda _, outdated: self.noted.append(f"{outdated.day.day} done")
        )

    def stage(self, name: str):
        """One of them, which fails where the test says so."""

        async def run(*arguments, **named):
            window = next(each for each in (*arguments, *named.values()) if not isinstance(each, (str, bool)))
            what = f"{window.start.day} {name}"
            await asyncio.sleep(0)
            self.noted.append(what)
            if what in self.fails:
                raise self.fails[what]
            return Batch("t", "p", window, 0, {"scored": 1})

        return run


@pytest.fixture
def stages(monkeypatch):
    return Stages(monkeypatch)


async def decided_and_told(night: Night, *days: OutdatedDay) -> None:
    try:
        for outdated in days:
            await night.decide(outdated)
            await night.begin_to_tell(outdated, trend=outdated is days[-1])
    finally:
        await night.told()


async def test_a_day_is_told_while_the_next_is_decided_and_days_are_told_in_order(stages):
    await decided_and_told(Night("p"), FIRST, SECOND)
    told = [what for what in stages.noted if "tracking" in what or "reporting" in what or "done" in what]
    assert told == ["18 tracking", "18 reporting", "18 done", "19 tracking", "19 reporting", "19 done"]
    assert stages.noted.index("19 evaluation") < stages.noted.index("18 done")


async def test_a_day_in_hand_is_told_to_its_end_when_the_next_one_fails(stages):
    stages.fails["19 evaluation"] = ServiceUnavailable("Phoenix is away")
    with pytest.raises(ServiceUnavailable, match="Phoenix is away"):
        await decided_and_told(Night("p"), FIRST, SECOND)
    assert "18 done" in stages.noted
    assert "19 tracking" not in stages.noted


async def test_a_day_that_cannot_be_told_is_not_done_and_the_next_one_not_told(stages):
    stages.fails["18 reporting"] = ServiceUnavailable("MLflow is away")
    with pytest.raises(ServiceUnavailable, match="MLflow is away"):
        await decided_and_told(Night("p"), FIRST, SECOND)
    assert not [what for what in stages.noted if "done" in what or what == "19 tracking"]


async def test_a_day_whose_judge_is_in_doubt_is_told_and_not_done(stages):
    stages.fails["18 evaluation"] = Inconclusive("the judge errs")
    night = Night("p")
    await decided_and_told(night, FIRST, SECOND)
    assert night.doubts == {FIRST.day: "2026-11-18: the judge errs"}
    assert [what for what in stages.noted if "done" in what] == ["19 done"]


async def test_a_day_where_only_labels_are_new_is_told_and_not_decided_again(stages):
    await decided_and_told(Night("p"), OutdatedDay(FIRST.day, FIRST.content, judged=False))
    assert stages.noted == ["18 reconcile_cost", "18 tracking", "18 reporting", "18 done"]


async def test_the_receipts_of_every_stage_are_kept(stages):
    night = Night("p")
    await decided_and_told(night, FIRST, SECOND)
    assert len(night.receipts) == 8


async def test_nothing_more_is_asked_once_a_day_could_not_be_told(stages):
    stages.fails["18 tracking"] = ServiceUnavailable("MLflow is away")
    night = Night("p")
    await night.decide(FIRST)
    await night.begin_to_tell(FIRST, trend=False)
    await asyncio.sleep(0.01)  # the ingestion of the second day
    with pytest.raises(ServiceUnavailable, match="MLflow is away"):
        await night.decide(SECOND)
    assert "19 evaluation" not in stages.noted
