"""Whether the goals of the settings are met, missed, or too uncertain to tell, and which way they move."""

from tasks.reports.changes import metric_change
from tasks.reports.evidence import Evidence, Section
from tasks.reports.experience import example_of
from tasks.reports.measures import measure_of
from tasks.shared.pages.blocks import Block, Cell, Interval, Number, Table, Text
from tasks.shared.pages.wording import number
from tasks.shared.records import Metric
from tasks.shared.settings import GoalSettings

MET, MISSED, OPEN, UNKNOWN = "met", "missed", "cannot tell", "no figure"


def goals(evidence: Evidence) -> list[Block]:
    """Each goal with its figure, and a warning for each that is surely missed."""
    wanted = evidence.settings.reports.goals
    standing = {name: verdict(goal, _metric(evidence, goal)) for name, goal in wanted.items()}
    missed = [title_of(name, wanted[name]) for name, said in standing.items() if said == MISSED]
    table = Table(
        "Goals",
        ("Goal", "Wanted", "Value", "95 % interval", "Standing", "n", "Coverage", evidence.called_before, "Change",
         "Evidence"),
        [_row(evidence, name, goal, standing[name]) for name, goal in wanted.items()],
        empty="No goals are set (reports.goals).",
        note="A goal is met, or missed, where the whole interval is on that side; where the goal lies inside it, the "
        "figure cannot tell. An arrow stands where the interval of the change leaves out that nothing changed.",
    )  # fmt: skip
    return [*(Text(f"Missed: {title}.", "warning") for title in missed), table]


def verdict(goal: GoalSettings, metric: Metric | None) -> str:
    """Whether the goal is met, by the interval of its metric; an exact count is its own interval."""
    if metric is None:
        return UNKNOWN
    low = metric.value if metric.low is None else metric.low
    high = metric.value if metric.high is None else metric.high
    if goal.at_least is not None:
        return MET if low >= goal.at_least else MISSED if high < goal.at_least else OPEN
    return MET if high <= goal.bound else MISSED if low > goal.bound else OPEN


def title_of(name: str, goal: GoalSettings) -> str:
    """What the goal is called."""
    return goal.title or name.replace("_", " ").capitalize()


def _metric(evidence: Evidence, goal: GoalSettings) -> Metric | None:
    return evidence.metrics.get((goal.metric, goal.dimension))


def _row(evidence: Evidence, name: str, goal: GoalSettings, said: str) -> tuple[Cell, ...]:
    now, before = _metric(evidence, goal), _metric(evidence.before, goal)
    measure = measure_of(goal.metric, now)
    bound = number(goal.bound, measure)
    return (
        title_of(name, goal),
        f"at least {bound}" if goal.at_least is not None else f"at most {bound}",
        Number(now.value if now else None, measure),
        Interval(now.low, now.high, measure) if now else None,
        said,
        Number(now.n) if now else None,
        Number(now.coverage, "share") if now else None,
        Number(before.value, measure) if before else None,
        metric_change(now, before, measure),
        example_of(evidence, goal.metric),
    )


SECTION = Section(order=15, title="Goals", build=goals)
