"""Judge a window: part by part, newest first, each part in the lake before the next one is begun."""

import asyncio
import datetime as dt
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import get_args

import pyarrow as pa

from tasks.evaluate.anchors import ask_anchors, record_anchors
from tasks.evaluate.asking import Asker, Brief, Verdict
from tasks.evaluate.batch_lane import BatchLane, batch_lane
from tasks.evaluate.cases import Case, needed_sql, planned
from tasks.evaluate.catalogue import Ready, ready_judge
from tasks.evaluate.judge import Judge, Sampling
from tasks.evaluate.judged import judged, to_ask_again, troubles
from tasks.evaluate.library import verify_sql
from tasks.evaluate.progress import Progress, Told
from tasks.evaluate.simulated import stay_local
from tasks.evaluate.tariff import tariff
from tasks.evaluate.undecided import Part, newest_first, standing, undecided
from tasks.evaluate.units import view_sql
from tasks.evaluate.versions import (
    count_overlap,
    earlier_version,
    model_names,
    overlap_so_far,
    remember_version,
)
from tasks.shared.checks import gate
from tasks.shared.checks.gate import Artifact
from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.llm import JudgeTraces, Models
from tasks.shared.gateways.llm.models import split, with_key
from tasks.shared.prices import PriceTable
from tasks.shared.records import Batch, Status, Window
from tasks.shared.settings import Settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.ledger import Ledger, open_ledger, usd, walls
from tasks.shared.store.stage import Stage
from tasks.shared.store.tables import DECISIONS

logger = logging.getLogger(__name__)
STATUSES = frozenset(get_args(Status))
DECISIONS_REPLACED = replace(DECISIONS, rewrite="replace")


@dataclass
class _Done:
    """What judging has come to so far."""

    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    days: set[dt.date] = field(default_factory=set)
    troubles: dict[str, tuple[int, str]] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)

    def spent(self, verdicts: Sequence[Verdict]) -> None:
        """Add what *verdicts* cost."""
        self.counts["reused"] += sum(verdict.reused for verdict in verdicts)
        self.counts["cost_microdollars"] += round(usd(sum(verdict.cost for verdict in verdicts)) * 1_000_000)

    def stored(self, stage: Stage, decisions: pa.Table) -> None:
        """Add what a part left in the lake."""
        self.rows += stage.rows
        self.days.update(stage.changed_days)
        self.counts.update(decisions["status"].to_pylist())
        self.counts["to_ask_again"] += to_ask_again(decisions)
        for status, (count, first) in troubles(decisions).items():
            before, earliest = self.troubles.get(status, (0, first))
            self.troubles[status] = (before + count, earliest)

    def receipt(self, judge: Judge, project: str, window: Window) -> Batch:
        """All of it as one receipt."""
        units = sum(count for name, count in self.counts.items() if name in STATUSES)
        return Batch(
            table=DECISIONS.name,
            project=project,
            window=window,
            rows=self.rows,
            counts={name: count for name, count in self.counts.items() if count},
            changed_days=tuple(sorted(self.days)),
            notes=tuple(
                f"{judge.name}: {count} of {units} units {status}, first: {first[:200]}"
                for status, (count, first) in self.troubles.items()
            ),
            doubts=tuple(f"{judge.name}: {doubt}" for doubt in self.doubts),
        )


@dataclass
class _Hearing:
    """One judge before one window: how to ask, and what has come of it so far."""

    settings: Settings
    lake: Lake
    asker: Asker
    lane: BatchLane | None
    show: Artifact | None
    told: Told
    done: _Done = field(default_factory=_Done)

    @property
    def judge(self) -> Judge:
        """The judge."""
        return self.asker.judge

    async def window(self, window: Window) -> Batch:
        """Decide what is undecided, part by part."""
        project, ready = self.asker.brief.project, ready_judge(self.judge)
        parts = list(newest_first(self.lake, project, window, ready, self.settings.judges.chunk_units))
        news = Progress(f"{self.judge.name} {window}", sum(part.units for part in parts), self.told)
        for part in parts:
            await self._part(part, ready, news)
        if self.asker.stopped:
            self.done.doubts.append(self.asker.stopped)
        return self.done.receipt(self.judge, project, window)

    async def _part(self, whole: Part, ready: Ready, news: Progress) -> None:
        project, part = self.asker.brief.project, whole.window
        units = undecided(self.lake, project, part, ready, needed_sql(self.judge))
        plan = planned(self.judge, units, self.settings.judges.sampling_salt)
        unit_ids = units["unit_id"].to_pylist()
        await self._check(plan.cases, unit_ids)
        self.told(f"{self.judge.name} {part}: {len(plan.cases)} of {units.num_rows} units to judge")
        told = news.within(whole.units, len(plan.cases))
        asking = self.lane.verdicts(plan.cases, unit_ids, told) if self.lane else self.asker.verdicts(plan.cases, told)
        verdicts = await asking
        news.done(whole.units, sum(verdict.cost for verdict in verdicts))
        record_anchors(self.asker, self.lake, unit_ids, list(zip(plan.cases, verdicts, strict=True)))
        decisions = judged(self.judge, units, plan, verdicts, dt.datetime.now(dt.UTC))
        with self.lake.stage(DECISIONS_REPLACED, project, part, file=ready.title) as stage:
            stage.append(standing(self.lake, project, part, ready))
            stage.append(decisions)
            await asyncio.to_thread(gate, stage, self.lake, self.settings.checks, self.show)
            stage.publish()
        self.done.spent(verdicts)
        self.done.stored(stage, decisions)

    async def _check(self, cases: Sequence[Case], unit_ids: Sequence[str]) -> None:
        """Before the first question that costs something: the canaries, and the anchors once a run."""
        if "canaries" in self.done.counts:
            return
        if not (self.lane.unpaid(cases, unit_ids) if self.lane else self.asker.unpaid(cases)):
            return
        self.asker.stopped, canaries = await self.asker.check_canaries()
        self.done.counts["canaries"] = len(canaries)
        self.done.spent(canaries)
        if not self.asker.stopped:
            now = dt.datetime.now(dt.UTC)
            anchors = await ask_anchors(self.asker, self.lake, self.settings.checks, now)
            self.done.counts["anchors"] = len(anchors)
            self.done.spent(anchors)


async def judge_windows(
    settings: Settings,
    judges: Sequence[Judge],
    project: str,
    window: Window,
    run: str,
    *,
    show: Artifact | None = None,
    told: Told = print,
) -> dict[str, Batch]:
    """Decide every unit of *window* that has no decision of *judges* on its present content; receipts by judge.

    One judge after the other; they share the budgets, and the pace of their providers.

    Raises:
        ConfigurationError: A judge cannot be used: its SQL, its version, its provider or its price, or its model is
            simulated and Phoenix is not. Nothing was asked.
    """
    lake, receipts = Lake.open(settings.lake), {}
    stay_local(settings, [name for judge in judges for name in model_names(judge, settings.judges)])
    with open_ledger(settings.budget, settings.lake) as ledger:
        async with Models(settings.judges, _traces(settings, project)) as models:
            used = []
            for judge in judges:  # all of them before the first question: what is wrong with one costs nothing
                verify_sql(judge, lake, view_sql(judge.unit))
                used.append(remember_version(judge, lake, settings.judges))
                _asker(settings, judge, _brief(settings, judge, project, run), models, ledger)
            for judge in used:
                earlier = overlapping(settings, lake, judge, project, window)
                heard = []
                for each in (*earlier, judge):
                    asker = _asker(settings, each, _brief(settings, each, project, run), models, ledger)
                    lane = await batch_lane(settings, asker, told)
                    heard.append(await _Hearing(settings, lake, asker, lane, show, told).window(window))
                    if each is not judge:
                        count_overlap(lake, judge, heard[0].counts.get("scored", 0))
                receipts[judge.name] = _with_overlap(heard[-1], heard[:-1])
    return receipts


def _with_overlap(receipt: Batch, earlier: Sequence[Batch]) -> Batch:
    """*receipt* with what the judge's earlier version cost, and what went wrong with it, as a note."""
    cost = sum(each.counts.get("cost_microdollars", 0) for each in earlier)
    scored = sum(each.counts.get("scored", 0) for each in earlier)
    if not earlier:
        return receipt
    counts = {**receipt.counts, "overlap_scored": scored}
    counts["cost_microdollars"] = counts.get("cost_microdollars", 0) + cost
    notes = tuple(f"earlier version: {text}" for each in earlier for text in (*each.notes, *each.doubts))
    return replace(receipt, counts=counts, notes=(*receipt.notes, *notes))


async def judge_window(
    settings: Settings,
    judge: Judge,
    project: str,
    window: Window,
    run: str,
    *,
    show: Artifact | None = None,
    told: Told = print,
) -> Batch:
    """`judge_windows` for one judge."""
    receipts = await judge_windows(settings, [judge], project, window, run, show=show, told=told)
    return receipts[judge.name]


def overlapping(settings: Settings, lake: Lake, judge: Judge, project: str, window: Window) -> list[Judge]:
    """The judge's earlier version or model, to score a share of the same units first; none once enough of them are."""
    missing = settings.judges.overlap_units - overlap_so_far(lake, judge)
    earlier = earlier_version(judge, lake) if missing > 0 else None
    if earlier is None or not _may_be_asked(settings, earlier):
        return []
    units = undecided(lake, project, window, ready_judge(judge)).num_rows
    if not units:
        return []
    # Never above the new version's own rate: all judges draw the same traces, so what the earlier one is asked about
    # the new one is asked about too.
    rate = min(judge.sampling.rate, missing / units)
    return [earlier.model_copy(update={"sampling": Sampling(rate=rate)})]


def _may_be_asked(settings: Settings, earlier: Judge) -> bool:
    """Whether there still is a price and a provider for the model of an earlier version."""
    now, prices = dt.datetime.now(dt.UTC), PriceTable.shipped(settings.prices)
    try:
        for name in model_names(earlier, settings.judges):
            tariff(earlier, name, prices, now)
            with_key(settings.judges, split(name)[0])
    except ConfigurationError as error:
        logger.warning("%s scores no units beside its next version: %s", earlier.title, error)
        return False
    return True


def of_everything(judge: Judge) -> Judge:
    """The judge without sampling, and outside of batches: an experiment waits for it, and needs every score."""
    return judge.model_copy(update={"sampling": Sampling(), "lane": "sync"})


def without_production_habits(settings: Settings) -> Settings:
    """The settings for judging an experiment: no anchors of its answers, no units for an earlier version of a judge."""
    judges = settings.judges.model_copy(update={"anchors": 0, "overlap_units": 0})
    return settings.model_copy(update={"judges": judges})


def _traces(settings: Settings, project: str) -> JudgeTraces | None:
    own = settings.judges.trace_project
    return JudgeTraces(settings.phoenix, own, project) if own else None


def _brief(settings: Settings, judge: Judge, project: str, run: str) -> Brief:
    return Brief(run, project, lambda day: walls(settings.budget, run, day, project, judge.name))


def _asker(settings: Settings, judge: Judge, brief: Brief, models: Models, ledger: Ledger) -> Asker:
    now, prices = dt.datetime.now(dt.UTC), PriceTable.shipped(settings.prices)
    names = model_names(judge, settings.judges)
    tariffs = {name: tariff(judge, name, prices, now) for name in names}
    for name in names:  # a provider without a key is told of before anything is asked
        models.model(name, judge.max_output_tokens, judge.parameters)
    return Asker(judge, brief, settings.judges, models, ledger, tariffs)
