"""What the numbers say in sentences, for the top of the report. Pure."""

from collections.abc import Iterator

from tasks.failures.figures import Share, by_kind, by_state, failing, failure_rate, transitions
from tasks.failures.quality import qualities
from tasks.failures.summary import Summary
from tasks.failures.taxonomy import NONE
from tasks.shared.pages.wording import number
from tasks.shared.statistics.share_difference import share_difference


def key_insights(summary: Summary) -> list[str]:
    """The sentences that hold, the most important first."""
    if not failing(summary.rows):
        return [f"No run failed, of {len(summary.rows)}."]
    return [*_where(summary), *_loud(summary), *_trend(summary), *_trust(summary)]


def said(share: Share) -> str:
    """`12 of 80 (15.0%, 95 % interval 8.8% to 24.4%)`."""
    low, high = share.interval
    return (
        f"{share.count:,} of {share.n:,} ({number(share.value, 'share')}, 95 % interval {number(low, 'share')} to "
        f"{number(high, 'share')})"
    )


def _where(summary: Summary) -> Iterator[str]:
    rows, taxonomy = summary.rows, summary.scope.taxonomy
    yield f"{said(failure_rate(rows))} runs failed."
    states = by_state(rows, taxonomy)
    most = max(states, key=lambda state: states[state].count)
    yield f"Most of them at {most}: {said(states[most])} failures."
    matrix = transitions(rows, taxonomy)
    cells = [
        (count, before, after)
        for before, counts in zip(matrix.rows, matrix.counts, strict=True)
        for after, count in zip(matrix.columns, counts, strict=True)
    ]
    count, before, after = max(cells, key=lambda cell: cell[0])
    came = "before any state had completed" if before == NONE else f"after {before}"
    yield f"The most frequent break is {after} {came}: {count:,} of {matrix.n:,}."


def _loud(summary: Summary) -> Iterator[str]:
    kinds = by_kind(summary.rows)
    if "llm" in kinds:
        share, loud = kinds["llm"]
        yield f"{said(share)} failures are in steps of a model; status ERROR tells of {loud.count:,} of these."
    found = sum(loud.count for _, loud in kinds.values())
    yield f"By status alone {said(Share(found, len(failing(summary.rows))))} failures would be found."


def _trend(summary: Summary) -> Iterator[str]:
    if not summary.before:
        return
    window, earlier = summary.before[-1]
    now, before = failure_rate(summary.rows), failure_rate(earlier)
    change, low, high = share_difference(now.count, now.n, before.count, before.n)
    certain = "more" if low > 0 else "fewer" if high < 0 else ""
    points = f"{100 * change:+.1f} points (95 % interval {100 * low:+.1f} to {100 * high:+.1f})"
    verdict = f"{certain} than" if certain else "neither more nor fewer, as far as can be told, than"
    yield f"That is {verdict} in the window before ({window}): {points}."


def _trust(summary: Summary) -> Iterator[str]:
    found = qualities(summary.rows, summary.scope.taxonomy)
    if found and found[0].runs:
        low, high = found[0].runs.interval
        yield (
            f"Where labels tell, the analysis names the right state for {number(found[0].runs.value, 'share')} of "
            f"{found[0].runs.n:,} runs (95 % interval {number(low, 'share')} to {number(high, 'share')})."
        )
