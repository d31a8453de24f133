"""The ledger as people read it, as a page and as sentences, and as JSON for programs."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict
from urllib.parse import quote

import orjson

from tasks.curate.ledger import Entry, Ledger
from tasks.curate.resemblance import Topic
from tasks.shared.pages.blocks import Block, Cell, Interval, Number, Table, Text
from tasks.shared.pages.page import Page, Part
from tasks.shared.pages.wording import number, shortened
from tasks.shared.statistics.estimate import Estimate

COLUMNS = (
    *("version", "made on", "examples", "new", "age, days", "gate decisions"),
    *("AUC against traffic", "95 % interval", "n", "traffic covered", "95 % interval of that"),
)
HOW_TO_READ = (
    "The AUC says how surely a classifier tells a question of the traffic from one of the dataset: 0.5 not at all, 1 "
    "always. A question is covered when the dataset has something like it. Both are known for the latest versions "
    "only, the AUC from 20 questions of either side on. Traffic is one question per session."
)


def ledger_path(project: str, dataset: str, name: str) -> str:
    """Where the ledger's file *name* lies below the lake's root."""
    return f"reports/datasets/project={quote(project, safe='')}/{quote(dataset, safe='')}/{name}"


def page(ledger: Ledger, project: str, at: dt.datetime) -> Page:
    """The ledger as a page."""
    blocks: list[Block] = [_due(ledger)]
    rows = [_cells(entry) for entry in ledger.entries]
    blocks.append(Table("Versions", COLUMNS, rows, "There is no version yet.", HOW_TO_READ))
    topics = [_topic_cells(topic) for topic in ledger.topics]
    nothing = "Every topic of the traffic has something like it in the dataset, or no two questions share one."
    title = f"Topics of the traffic ({ledger.traffic} questions) that the latest version has nothing like"
    blocks.append(Table(title, ("questions such as", "share", "95 % interval", "n"), topics, nothing))
    return Page("Nightjar ledger", ledger.dataset, project, (Part("ledger", "Ledger", blocks),), made_at=at)


def sentences(ledger: Ledger) -> tuple[str, ...]:
    """What the receipt says of the latest version."""
    if not ledger.entries:
        return (f"{ledger.dataset} has no version yet.",)
    latest = ledger.entries[0]
    said = [f"{latest.version} is {latest.age_days} days old; {latest.decisions} gate decisions were taken on it."]
    if latest.told_apart:
        said.append(f"Traffic is told from it with an AUC of {_written(latest.told_apart)}.")
    if latest.covered:
        said.append(f"It has something like {_written(latest.covered, share=True)} of the traffic's questions.")
    said += [
        f"Not covered, {_written(topic.share, share=True)}: {' / '.join(topic.questions)}" for topic in ledger.topics
    ]
    if ledger.due:
        said.append(_due(ledger).text)
    return tuple(said)


def records(ledger: Ledger) -> bytes:
    """The ledger as JSON."""
    content: Mapping[str, object] = {
        "dataset": ledger.dataset,
        "traffic_questions": ledger.traffic,
        "due": ledger.due,
        "versions": [asdict(entry) for entry in ledger.entries],
        "uncovered_topics": [asdict(topic) for topic in ledger.topics],
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2)


def _due(ledger: Ledger) -> Text:
    if not ledger.due:
        return Text("Nothing says that the latest version is due for a refresh.")
    why = "; ".join(ledger.due)
    return Text(f"Refresh it: {why}. Raise curation.size or curation.growth, then run curation.", "warning")


def _cells(entry: Entry) -> tuple[Cell, ...]:
    counts = (entry.examples, entry.added, entry.age_days, entry.decisions)
    apart, covered = entry.told_apart, entry.covered
    return (
        entry.version,
        f"{entry.made_at:%Y-%m-%d}",
        *(Number(count) for count in counts),
        Number(apart.value if apart else None, "score"),
        Interval(apart.low, apart.high, "score") if apart else None,
        Number(apart.n if apart else None),
        Number(covered.value if covered else None, "share"),
        Interval(covered.low, covered.high, "share") if covered else None,
    )


def _topic_cells(topic: Topic) -> tuple[Cell, ...]:
    share = topic.share
    said = " / ".join(shortened(question) for question in topic.questions)
    return (said, Number(share.value, "share"), Interval(share.low, share.high, "share"), Number(topic.count))


def _written(estimate: Estimate, *, share: bool = False) -> str:
    low, value, high = (
        number(each, "share" if share else "score") for each in (estimate.low, estimate.value, estimate.high)
    )
    return f"{value} ({low} to {high}, n={estimate.n})"
