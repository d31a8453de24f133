"""From events to channels: what nobody was told yet is told, in order; what a channel did not take is tried again."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tasks.alerts.evaluating import REMEMBERED_DAYS
from tasks.alerts.wording import TOLD_AS, digest_of, message_of
from tasks.shared.alert_history import AlertEvent, in_order
from tasks.shared.channels import Delivery, Message, deliver
from tasks.shared.records import HOUR, Window
from tasks.shared.settings import Settings
from tasks.shared.store.lake import Lake

RECORDED = """
SELECT * FROM alert_events WHERE recorded_at >= $since AND NOT quiet AND channels <> '' AND list_contains($told, event)
"""
SENT = "SELECT message_id, channel FROM deliveries WHERE status = 'sent'"
# A message, and the channels that it is for.
Waiting = tuple[Message, list[str]]


@dataclass(frozen=True)
class Told:
    """What became of the messages: deliveries in order, and how many were held back behind one that failed."""

    deliveries: tuple[Delivery, ...] = ()
    held_back: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Deliveries by status."""
        found = Counter(each.status for each in self.deliveries)
        return {status: found[status] for status in ("sent", "failed", "dry_run") if found[status]}


def untold(lake: Lake, project: str, settings: Settings, now: dt.datetime) -> list[Waiting]:
    """The messages that a channel has not taken yet, with these channels, oldest first."""
    since = now - settings.alerts.retry_hours * HOUR
    remembered = Window.of_day(now.date()).reaching_back(REMEMBERED_DAYS * 24)
    rows = lake.sql(RECORDED, project, remembered, {"since": since, "told": list(TOLD_AS)}).to_pylist()
    events = in_order(AlertEvent.of(row) for row in rows)
    if not events:
        return []
    days = Window(Window.of_day(events[0].start_time.date()).start, Window.of_day(events[-1].start_time.date()).end)
    sent = {(row["message_id"], row["channel"]) for row in lake.sql(SENT, project, days).to_pylist()}
    found = []
    for message, channels in messages_of(events, project, settings.phoenix.url):
        if left := [channel for channel in channels if (message.message_id, channel) not in sent]:
            found.append((message, left))
    return found


def messages_of(events: Sequence[AlertEvent], project: str, phoenix_url: str) -> Iterator[Waiting]:
    """A message for each event, and one for each channel and digest, in the place of its first event."""
    bundles: set[str] = set()
    for event in events:
        if not event.bundle:
            yield message_of(event, project, phoenix_url), event.channels.split()
        elif event.bundle not in bundles:
            bundles.add(event.bundle)
            together = [each for each in events if each.bundle == event.bundle]
            for channel in dict.fromkeys(name for each in together for name in each.channels.split()):
                mine = [each for each in together if channel in each.channels.split()]
                yield digest_of(mine, channel, project, phoenix_url), [channel]


def tell(lake: Lake, settings: Settings, messages: Iterable[Waiting], *, dry_run: bool = False) -> Told:
    """Send each message; behind one that a channel did not take, later ones on the same topic wait for the next run.

    A digest is on the topics of all its parts. For a channel that was away everything else waits too: each message
    would take as long as all tries of the first.
    """
    done: list[Delivery] = []
    blocked: set[tuple[str, str]] = set()
    away: set[str] = set()
    held_back = 0
    for message, channels in messages:
        topics = {message.topic, *(part.topic for part in message.parts)}
        free = [name for name in channels if name not in away and blocked.isdisjoint((topic, name) for topic in topics)]
        held = [name for name in channels if name not in free]
        held_back += len(held)
        for delivery in deliver(lake, settings, message, free, dry_run=dry_run) if free else ():
            done.append(delivery)
            held += [delivery.channel] * (delivery.status == "failed")
            away |= {delivery.channel} if delivery.unavailable else set()
        blocked |= {(topic, name) for topic in topics for name in held}
    return Told(tuple(done), held_back)
