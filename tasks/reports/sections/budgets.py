"""What the traffic may cost: budgets and their burn-down, the forecast of the month, how usual the day is, judging."""

import datetime as dt
from collections.abc import Mapping, Sequence

from tasks.reports.evidence import Evidence, Section
from tasks.reports.spending import Spending, calls_of, periods_of, spending_of
from tasks.shared.pages.blocks import Block, Cell, Chart, Interval, Link, Number, Table, Text
from tasks.shared.pages.wording import number
from tasks.shared.statistics.burn_down import BurnDown, Reached, bounds_of, burn_down, days_of, history
from tasks.shared.statistics.forecast import Forecast, forecast, refusal
from tasks.shared.statistics.robust import place, same_weekdays
from tasks.shared.store.daily_metric import daily_metric

MOST_DAYS_AHEAD = 31
BUDGET_COLUMNS = (
    *("Period", "Budget", "Spent", "Used", "Even pace", "Seasonal pace"),
    *("Expected", "95 % interval", "Gone on", "Not known", "Evidence"),
)
JUDGING = "SELECT coalesce(fsum(cost_usd), 0) AS cost FROM decisions WHERE kind = 'llm'"


def budgets(evidence: Evidence) -> list[Block]:
    """Budgets of the application's traffic; what judging may cost is a wall of its own."""
    spending = spending_of(evidence)
    if spending.today not in spending.costs:
        return [Text(f"No day of this {evidence.edition} has metrics, so nothing is known of budgets.", "note")]
    daily = history(spending.costs, spending.today)
    why = refusal(daily)
    ahead = None if why else forecast(daily, MOST_DAYS_AHEAD)
    found = _burn_downs(evidence, spending, ahead)
    return [
        *_told(evidence, found),
        *([_budget_table(found, calls_of(evidence))] if found else []),
        *(_chart(each, spending.costs, ahead) for each in found if each.period != "day"),
        _forecast(spending, ahead, why, calls_of(evidence)),
        _usual(spending, calls_of(evidence)),
        _judging(evidence, spending),
    ]


def _burn_downs(evidence: Evidence, spending: Spending, ahead: Forecast | None) -> list[BurnDown]:
    budget = evidence.settings.cost.budget_of(evidence.project)
    limits = [(period, getattr(budget, f"{period}_usd")) for period in periods_of(evidence)]
    return [
        burn_down(period, spending.today, limit, spending.costs, ahead) for period, limit in limits if limit is not None
    ]


def _told(evidence: Evidence, found: Sequence[BurnDown]) -> list[Block]:
    """A sentence for each budget that is used beyond a threshold, or expected to be overspent."""
    if not found:
        return [Text(f"No budget is set for {evidence.project}: see [cost.budgets] in the settings.")]
    thresholds = evidence.settings.cost.warn_at
    texts: list[Block] = []
    for each in found:
        crossed = [share for share in thresholds if each.used >= share]
        over = each.expected[1] is not None and each.expected[1] > each.budget_usd
        if not crossed and not over:
            continue
        spent, limit = number(each.spent_usd, "usd"), number(each.budget_usd, "usd")
        said = f"The {each.period}'s budget of {limit} is used to {number(each.used, 'share')} ({spent})."
        if each.used < 1 and each.last > each.today:
            said += f" {_gone(each)}"
        grave = over or bool(crossed and crossed[-1] == thresholds[-1])
        texts.append(Text(said, "warning" if grave else "note"))
    return texts


def _gone(each: BurnDown) -> str:
    middle, low, high = (None if usd is None else number(usd, "usd") for usd in each.expected)
    whole = f"The whole {each.period} is expected to take {middle}" + (f" ({low} to {high})" if low else "")
    if each.gone.day is None and each.gone.earliest is None:
        return f"{whole}."
    return f"{whole}; the budget is gone on {gone_on(each.gone)}."


def _budget_table(found: Sequence[BurnDown], calls: Link | None) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            f"{each.period.capitalize()} from {each.first:%-d %b}" if each.period != "day" else f"{each.first:%-d %b}",
            Number(each.budget_usd, "usd"),
            Number(each.spent_usd, "usd"),
            Number(each.used, "share"),
            Number(each.even_usd, "usd"),
            Number(each.seasonal_usd, "usd"),
            Number(each.expected[0], "usd"),
            Interval(each.expected[1], each.expected[2], "usd") if each.last > each.today else None,
            gone_on(each.gone),
            f"{each.unknown} days" if each.unknown else None,
            calls,
        )
        for each in found
    ]
    return Table(
        "Budgets",
        BUDGET_COLUMNS,
        rows,
        note="The paces are what the days so far might have taken of the budget: every day the same, or each weekday "
        "what it usually takes. Expected is the whole period; without a forecast, at the mean of its days so far.",
    )


def gone_on(gone: Reached) -> str:
    """`19 Nov (17 Nov to 24 Nov)`; one day where there is no doubt, and where nobody knows how much, it says so."""
    if gone.day is None:
        return f"{gone.earliest:%-d %b} at the earliest" if gone.earliest else "not in this period"
    if gone.earliest is None:
        return f"{gone.day:%-d %b} (how unsure is not known)"
    if gone.earliest == gone.latest:
        return f"{gone.day:%-d %b}"
    latest = f"{gone.latest:%-d %b}" if gone.latest else "later than the period"
    return f"{gone.day:%-d %b} ({gone.earliest:%-d %b} to {latest})"


def _chart(each: BurnDown, costs: Mapping[dt.date, float], ahead: Forecast | None) -> Chart:
    """What is left of the budget at the end of each day; below 0 it is overspent."""
    days = days_of(each.first, each.last)
    futures = ahead.running() if ahead else []
    spent, rows = 0.0, []
    for i, day in enumerate(days, start=1):
        even = each.budget_usd * (1 - i / len(days))
        left = expected = None
        if day <= each.today:
            spent += costs.get(day, 0.0)
            left = each.budget_usd - spent
        if day >= each.today and futures:
            beyond = (day - each.today).days
            expected = each.budget_usd - spent - (futures[beyond - 1] if beyond else 0)
        rows.append((f"{day:%-d %b}", left, even, expected))
    title = f"What is left of the {each.period}'s budget"
    return Chart(title, "lines", "Day", ("left", "even pace", "expected"), rows, "usd")


def _forecast(spending: Spending, ahead: Forecast | None, why: str, calls: Link | None) -> Block:
    first, last = bounds_of("month", spending.today)
    if ahead is None:
        return Text(f"There is no forecast of the month: {why}.")
    known = [spending.costs[day] for day in days_of(first, spending.today) if day in spending.costs]
    left = (last - spending.today).days
    middle, low, high = ahead.first(left).total(sum(known)) if left else (sum(known),) * 3
    row = (
        f"{last:%B %Y}",
        Number(sum(known), "usd"),
        Number(left),
        Number(middle, "usd"),
        Interval(low, high, "usd"),
        Number(ahead.days),
        f"{unknown} days" if (unknown := (spending.today - first).days + 1 - len(known)) else None,
        calls,
    )
    return Table(
        "Forecast of the month",
        ("Month", "So far", "Days to come", "Expected", "95 % interval", "Days it rests on", "Not known", "Evidence"),
        [row],
        note="From weekday and trend of the last eight weeks at most; it knows of no launch, holiday or new model.",
    )


def _usual(spending: Spending, calls: Link | None) -> Block:
    """The last day beside the same weekday of earlier weeks."""
    today = spending.today
    found = place(spending.costs[today], same_weekdays(spending.costs, today))
    if found is None:
        return Text(
            "Fewer than four of the same weekdays are known, so nobody can say whether the day's cost is usual."
        )
    low, high = found.usual()
    row = (
        f"{today:%A %-d %B}",
        Number(spending.costs[today], "usd"),
        Number(found.median, "usd"),
        Interval(max(low, 0.0), high, "usd"),
        Number(found.z, "number"),
        Number(found.n),
        calls,
    )
    return Table(
        "How usual the day is",
        ("Day", "Cost", "Median of the weekday", "Usual range", "Robust z", "Weeks", "Evidence"),
        [row],
        note="Median and MAD of the same weekday in the eight weeks before. Beyond 3 or -3 the day is unusual.",
    )


def _judging(evidence: Evidence, spending: Spending) -> Table:
    """What judging costs beside the traffic that it judges."""
    judged = daily_metric(evidence.lake, evidence.project, "judging_cost_usd", spending.today)
    if evidence.edition == "day":
        judged[spending.today] = evidence.rows(JUDGING)[0]["cost"]
    rows: list[tuple[Cell, ...]] = []
    for period in periods_of(evidence):
        days = days_of(bounds_of(period, spending.today)[0], spending.today)
        known = [day for day in days if day in spending.costs and day in judged]
        traffic, judging = (sum(values[day] for day in known) for values in (spending.costs, judged))
        rows.append(
            (
                period.capitalize() + ("" if period == "day" else " to date"),
                Number(traffic, "usd"),
                Number(judging, "usd"),
                Number(judging / traffic if traffic else None, "share"),
                f"{len(known)} of {len(days)}",
                calls_of(evidence),
            )
        )
    return Table(
        "Judging beside the traffic",
        ("Period", "Traffic", "Judging", "Judging by traffic", "Days known", "Evidence"),
        rows,
        note="Judging of that traffic, whenever it was judged. Canaries, and calls whose answer was lost, are in the "
        "ledger only. What judging may cost is [budget] in the settings.",
    )


SECTION = Section(order=62, title="Budgets and forecast", build=budgets)
