"""What somebody on call should know of a judge before trusting its numbers, in plain words."""

from collections.abc import Callable, Iterator, Sequence

from tasks.reports.judge_figures import JudgeFigures
from tasks.shared.pages.wording import number, shortened
from tasks.shared.records import Metric

# A correlation nearer to 0 than this, with all its interval, would hardly move a score.
LEAST_CORRELATION = 0.1
LEAST_POSITION_SHARE = 0.1
# With fewer labels the corrected rate's interval is mostly wider than anybody can use.
FEW_LABELS = 50
LEAST_INFORMATION = 0.2


def warnings(judges: Sequence[JudgeFigures]) -> list[str]:
    """One sentence or two for each thing to know, the most urgent kind first."""
    kinds: tuple[Callable[[JudgeFigures], Iterator[str]], ...] = (not_judged, drifting, uninformative, biased)
    return [text for kind in kinds for judge in judges for text in kind(judge)]


def not_judged(judge: JudgeFigures) -> Iterator[str]:
    """Units that a budget stopped, or that still wait."""
    for status, why, said in (
        ("budget_stopped", "stopped_because", "were not judged because a budget was used up"),
        ("pending", "pending_because", "still wait to be judged"),
    ):
        units = judge.row.get(status, 0)
        if units:
            reason = f" ({shortened(judge.row.get(why), 120)})" if judge.row.get(why) else ""
            yield f"{judge.name}: {units:,} of {judge.row['units']:,} units {said}{reason}.{_bounds(judge)}"


def drifting(judge: JudgeFigures) -> Iterator[str]:
    """Alarms of the CUSUM charts: of anchors, and of people's labels."""
    if (judge.value("anchor_drift") or 0) >= 1:
        same = number(judge.value("anchor_agreement"), "share")
        yield (
            f"{judge.name} answers {same} of its anchors as at first, fewer than usual: the model behind it changed. "
            "Do not compare its scores with those of before."
        )
    if (judge.value("judge_drift") or 0) >= 1:
        days = judge.value("judge_drift_days")
        since = f" for {days:,.0f} days" if days else ""
        yield (
            f"{judge.name} agrees less with people than it used to{since}. Its model may have changed, or the traffic: "
            "look at the units on which they differ, and label some of the newest."
        )


def uninformative(judge: JudgeFigures) -> Iterator[str]:
    """Labels by which the judge tells little, or that do not go with its pass rate."""
    tpr, tnr, raw = (judge.value(group) for group in ("judge_tpr", "judge_tnr", "pass_rate"))
    if judge.value("judge_informative") != 0 or tpr is None or tnr is None or raw is None:
        return
    passed = (
        f"{judge.name}: its pass rate cannot be corrected. It passes {number(tpr, 'share')} of the units that people "
        f"call good, and {number(1 - tnr, 'share')} of the bad"
    )
    if tpr + tnr - 1 < LEAST_INFORMATION:
        yield f"{passed}: that tells little. Mend its prompt, or use another model."
    elif not 1 - tnr <= raw <= tpr:
        yield f"{passed}, which does not go with a pass rate of {number(raw, 'share')}: label some of its newest units."


def biased(judge: JudgeFigures) -> Iterator[str]:
    """Scores that go with length, and verdicts that go with the order."""
    length = judge.metrics.get("length_correlation")
    if length and _beyond(length, LEAST_CORRELATION):
        more = "higher" if length.value > 0 else "lower"
        yield (
            f"{judge.name} scores longer outputs {more} (correlation {length.value:.2f}). They may be "
            f"{'better' if length.value > 0 else 'worse'}, or only longer: compare a few."
        )
    order = judge.metrics.get("position_disagreement")
    if order and order.low is not None and order.low > LEAST_POSITION_SHARE:
        yield f"{judge.name} changes its verdict on {number(order.value, 'share')} of units when the two are exchanged."


def remarks(judges: Sequence[JudgeFigures]) -> list[str]:
    """Which pass rates nobody has labelled units for, and which ones few."""
    labels = {judge.name: int(judge.value("judge_labels") or 0) for judge in judges if "pass_rate" in judge.metrics}
    none = [name for name, n in labels.items() if not n]
    few = [f"{name} ({n})" for name, n in labels.items() if 0 < n < FEW_LABELS]
    one_kind = [
        f"{judge.name} (no {kind} one)" for judge in judges if labels.get(judge.name) and (kind := _absent(judge))
    ]
    unsure = [
        judge.name
        for judge in judges
        if judge.value("judge_informative") == 0 and not _absent(judge) and not any(uninformative(judge))
    ]
    told = (
        (none, "Nobody has labelled units of {}: these pass rates are the judges' word alone."),
        (few, "Few units are labelled by people, so intervals are wide: {}."),
        (one_kind, "People found units of one kind only, so nothing can be corrected: {}."),
        (unsure, "Labels are too few to correct the pass rates of {}."),
    )
    return [text.format(", ".join(names)) for names, text in told if names]


def _absent(judge: JudgeFigures) -> str:
    """The kind of unit that people have found none of."""
    kinds = {"judge_tpr": "good", "judge_tnr": "bad"}
    return next((kind for group, kind in kinds.items() if group not in judge.metrics), "")


def _bounds(judge: JudgeFigures) -> str:
    rate = judge.metrics.get("pass_rate")
    if rate is None or rate.worst is None:
        return ""
    worst, best = number(rate.worst, "share"), number(rate.best, "share")
    return f" With everything that is missing, its pass rate is between {worst} and {best}."


def _beyond(metric: Metric, least: float) -> bool:
    """Whether the whole interval is farther from 0 than *least*."""
    return metric.low is not None and metric.high is not None and (metric.low > least or metric.high < -least)
