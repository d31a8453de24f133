"""Masking personal data: 3 MB/s on one core, recall on labelled texts at least 0.95, no mask where none belongs.

The speed is that of traffic of an analytics chat (questions, SQL, JSON of tool calls, ids and times), with personal
data in one text of twenty.
"""

import argparse
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure, at_least, at_most, write_results
from tasks.shared.anonymise import Anonymiser, without_digests
from tasks.shared.settings import AnonymiseSettings

LABELLED = Path(__file__).with_name("personal_data.txt")
LABEL = re.compile(r"\[\[(?P<kind>[A-Z]+)\|(?P<value>.*?)\]\]", re.DOTALL)
MEGABYTES = 4
GOAL_MB_PER_SECOND = 3
GOAL_RECALL = 0.95
EVERY = 20  # one text in so many has personal data
ROW = '{"device_id": %d, "recorded_at": "2026-11-19T12:34:56.789Z", "temperature_c": 23.51, "battery_pct": 87.2}'
TRAFFIC = (
    "Which 10 devices raised the most critical alerts in the last 7 days in region north?",
    """SELECT d.serial_number, count(*) AS alerts
FROM alerts a
JOIN devices d ON d.device_id = a.device_id
WHERE a.severity = 'critical' AND a.raised_at >= now() - interval '7 days'
GROUP BY d.serial_number
ORDER BY alerts DESC
LIMIT 10""",
    '{"query": "SELECT count(*) FROM devices", "timeout_ms": 5000, "trace": "4bf92f3577b34da6a3ce929d0e0e4736"}',
    f"[{', '.join(ROW % device for device in (1523, 1524, 1525))}]",
    "There were 12 devices with that error last week, most of them in the northern region. The mean was 23.5 degrees.",
)


def main(megabytes: float = MEGABYTES) -> None:
    """Measure on one core, write the figures."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    wanted, masked, wrong = labelled()
    exact = [without_digests(anonymiser().text(plain(line))) == as_kinds(line) for line in labelled_texts()]
    clean = list(traffic(megabytes))
    mixed = list(with_personal_data(clean))
    figures = [
        at_least("traffic, one text of 20 with personal data", rate(mixed), "MB/s", GOAL_MB_PER_SECOND),
        Figure("traffic without personal data", round(rate(clean), 2), "MB/s"),
        at_least(
            "recall on labelled values, of the right kind", sum(masked.values()) / sum(wanted.values()), "", GOAL_RECALL
        ),
        at_least("texts masked as labelled, letter by letter", sum(exact) / len(exact), "", GOAL_RECALL),
        at_most("texts without any that were changed", wrong, "texts", 0),
    ]
    figures += [Figure(f"recall of {kind} ({n} values)", round(masked[kind] / n, 3), "") for kind, n in wanted.items()]
    write_results("anonymise", figures)


def anonymiser() -> Anonymiser:
    """One with a key that everybody knows."""
    return Anonymiser(b"benchmark" * 4, "benchmark", AnonymiseSettings())


def labelled() -> tuple[Counter[str], Counter[str], int]:
    """Labelled values by kind, those of them masked as that kind, and clean texts that were changed."""
    wanted, masked, wrong = Counter[str](), Counter[str](), 0
    for line in labelled_texts():
        text = plain(line)
        kinds = [label["kind"] for label in LABEL.finditer(line)]
        wanted.update(kinds)
        masked.update(rightly_masked(line, anonymiser().text(text)))
        wrong += not kinds and anonymiser().text(text) != text
    return wanted, masked, wrong


def labelled_texts() -> list[str]:
    """The lines of personal_data.txt with their ends of lines."""
    lines = LABELLED.read_text(encoding="utf-8").splitlines()
    return [line.replace("\\n", "\n") for line in lines if line and not line.startswith("#")]


def plain(line: str) -> str:
    """The text of *line*."""
    return LABEL.sub(lambda label: label["value"], line)


def as_kinds(line: str) -> str:
    """The text of *line* with `<KIND>` for each value."""
    return LABEL.sub(lambda label: f"<{label['kind']}>", line)


def rightly_masked(line: str, result: str) -> Iterator[str]:
    """The kinds of the labels of *line* whose value is gone from *result*, with a mask of that kind for each."""
    masks = Counter(re.findall(r"<([A-Z]+)_[a-z]{8}>", result))
    for label in LABEL.finditer(line):
        if label["value"] not in result and masks[label["kind"]] > 0:
            masks[label["kind"]] -= 1
            yield label["kind"]


def traffic(megabytes: float) -> Iterator[str]:
    """Texts of that size in all, each with a number of its own."""
    size, i = 0, 0
    while size < megabytes * 1_000_000:
        text = f"{TRAFFIC[i % len(TRAFFIC)]} -- {i}"
        size, i = size + len(text), i + 1
        yield text


def with_personal_data(texts: list[str]) -> Iterator[str]:
    """*texts*, one of twenty with a labelled text behind it."""
    personal = [plain(line) for line in labelled_texts() if LABEL.search(line)]
    for i, text in enumerate(texts):
        yield text if i % EVERY else f"{text} {personal[i // EVERY % len(personal)]}"


def rate(texts: list[str]) -> float:
    """Megabytes per second of CPU time."""
    masking = anonymiser()
    begun = time.process_time()
    for text in texts:
        masking.text(text)
    return sum(map(len, texts)) / 1e6 / (time.process_time() - begun)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=MEGABYTES)
    main(parser.parse_args().megabytes)
