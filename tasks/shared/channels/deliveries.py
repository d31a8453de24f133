"""What a channel was told of a topic, in the lake's table `deliveries`."""

import datetime as dt
import hashlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from tasks.shared.channels.message import Message
from tasks.shared.checks import gate
from tasks.shared.records import UTC, Window
from tasks.shared.settings import CheckSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DELIVERIES

TOLD = "SELECT message_id, reference, ended_at FROM deliveries WHERE status = 'sent' ORDER BY ended_at, message_id"


@dataclass(frozen=True)
class Delivery:
    """What became of a message on one channel.

    `detail` says where it went, what a dry run would send, or the error in one line; never a secret. `reference` is
    what the channel calls the message, empty where it has no name for it. `attempts` are the tries of this delivery.
    `unavailable` says of a failed one that the channel was away or busy, not that it said no.
    """

    channel: str
    kind: str
    message_id: str
    topic: str
    status: Literal["sent", "already_sent", "failed", "dry_run"]
    detail: str
    reference: str = ""
    attempts: int = 0
    unavailable: bool = False


@dataclass(frozen=True)
class Before:
    """What was sent before: when this very message was and as what, and what the topic's first message is called."""

    sent_at: dt.datetime | None = None
    reference: str = ""
    first_reference: str = ""


@dataclass(frozen=True)
class Ledger:
    """The deliveries of one topic on one channel: a file of its own in each day, so that no two of them contend."""

    lake: Lake
    project: str
    channel: str
    topic: str

    @property
    def file(self) -> str:
        """Name of the file."""
        return hashlib.sha256(f"{self.channel}\n{self.topic}".encode()).hexdigest()[:16]

    def alone(self) -> AbstractContextManager[None]:
        """Keep other processes from telling the same, until the block ends. An S3 lake knows no such lock."""
        return self.lake.one_writer(f"telling-{self.file}")

    def before(self, message_id: str) -> Before:
        """What was sent before."""
        rows = self.lake.sql(TOLD, self.project, only={DELIVERIES.name: self.file}).to_pylist()
        first = next((row["reference"] for row in rows if row["reference"]), "")
        own = next((row for row in rows if row["message_id"] == message_id), None)
        return Before(own["ended_at"], own["reference"] or "", first) if own else Before(first_reference=first)

    def record(self, message: Message, delivery: Delivery, checks: CheckSettings) -> None:
        """Store what became of the message, in the place of what a run before stored."""
        row = {
            "message_id": message.message_id,
            "channel": self.channel,
            "start_time": message.at,
            "kind": delivery.kind,
            "topic": self.topic,
            "event": message.event,
            "severity": message.severity,
            "title": message.title,
            "status": delivery.status,
            "attempts": delivery.attempts,
            "reference": delivery.reference or None,
            "error": delivery.detail if delivery.status == "failed" else None,
            "ended_at": dt.datetime.now(UTC),
        }
        with self.lake.stage(DELIVERIES, self.project, Window.of_day(message.at.date()), self.file) as stage:
            stage.append(pa.Table.from_pylist([row], DELIVERIES.schema))
            gate(stage, self.lake, checks, partial=True)
            stage.publish()


def is_told(lake: Lake, project: str, channel: str, topic: str, message_id: str) -> bool:
    """Whether the message was sent through the channel."""
    return Ledger(lake, project, channel, topic).before(message_id).sent_at is not None
