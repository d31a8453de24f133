"""The day's mean score on the scale of the judge's earlier version, so that a new version does not break the series."""

from collections.abc import Iterator
from dataclasses import replace

from tasks.shared.records import Metric
from tasks.shared.statistics.chained import Point, chained, link
from tasks.shared.statistics.hajek import hajek
from tasks.tracking.judge_day import JudgeDay
from tasks.tracking.judge_summary import JudgeSummary


def versions(day: JudgeDay) -> Iterator[Metric]:
    """`score_chained`, where the versions before scored the same units as those after; its error has that of the links.

    Its interval may reach past the ends of the scale: versions differ by a shift only as long as there is room for it.
    """
    links = [found for overlap in day.overlaps if (found := link(overlap.old, overlap.new))]
    if not links or len(links) < len(day.overlaps) or not day.units or day.judge.ends is None:
        return
    lowest, highest = day.judge.ends
    own = hajek(
        [unit.score for unit in day.units],
        [unit.probability for unit in day.units],
        [unit.trace for unit in day.units],
        lowest=lowest,
        highest=highest,
    )
    if own is None:
        return
    earlier: list[list[Point]] = [[] for _ in links]
    ((point,),) = chained([*earlier, [Point(own.value, own.standard_error, own.n)]], links)[-1:]
    chain = Metric(f"score_chained/{day.name}", point.value, point.n, day.coverage, point.low, point.high, unit="score")
    shift, ends = point.value - own.value, day.bounds(own.value, lowest, highest, day.judge.direction)
    yield chain if ends is None else replace(chain, worst=ends.worst + shift, best=ends.best + shift)


SUMMARY = JudgeSummary(versions)
