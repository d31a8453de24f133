"""A message on its way through several channels at once: each is tried again, recorded, and stops no other.

A message is recorded after it was sent. A run that is killed in between sends it again: at least once, and no more
than once where the channel itself knows what it has (PagerDuty's key, a file's name).
"""

import logging
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from tasks.shared.channels.channel import Options, Sent, opened, without_secrets
from tasks.shared.channels.deliveries import Delivery, Ledger
from tasks.shared.channels.message import Message
from tasks.shared.errors import ConfigurationError, NightjarError, ServiceUnavailable, StoreError
from tasks.shared.retries import seconds_to_wait
from tasks.shared.settings import ChannelSettings, Settings
from tasks.shared.store.lake import Lake

log = logging.getLogger(__name__)


def deliver(
    lake: Lake, settings: Settings, message: Message, channels: Sequence[str], *, dry_run: bool = False
) -> tuple[Delivery, ...]:
    """Send *message* through each of the *channels* (names of `settings.channels`). Call it in a thread.

    One that fails is tried again, recorded in `deliveries`, and does not stop the others. What was sent before is not
    sent again. Another process that tells the same channel of the same topic waits.

    Args:
        lake: Where deliveries are recorded.
        settings: The channels, with the secrets that lie in a vault filled in.
        message: What is told.
        channels: Names; one that occurs twice counts once.
        dry_run: Send and record nothing; the details say what would go where.

    Returns:
        What became of it on each channel, in the order of *channels*.

    Raises:
        StoreError: The lake cannot be read or written; what could be recorded is.
    """
    ledgers = {name: Ledger(lake, message.project, name, message.topic) for name in channels}
    done: dict[str, Delivery] = {}
    lost: list[StoreError] = []
    with ExitStack() as held:
        for name in sorted(ledgers if not dry_run else ()):  # one order for all, or two would wait for each other
            held.enter_context(ledgers[name].alone())
        with ThreadPoolExecutor(max(1, len(ledgers))) as pool:
            sending = {pool.submit(_deliver, settings, message, each, dry_run): each for each in ledgers.values()}
            for future in as_completed(sending):
                try:
                    ledger, delivery = sending[future], future.result()
                    done[ledger.channel] = delivery
                    if not dry_run and delivery.status != "already_sent":
                        ledger.record(message, delivery, settings.checks)
                except StoreError as error:  # what other channels were sent is recorded first
                    lost.append(error)
    if lost:
        raise lost[0]
    return tuple(done[name] for name in ledgers)


def channel_problems(settings: Settings, channels: Sequence[str]) -> tuple[str, ...]:
    """What is wrong with the settings of the *channels*, a sentence for each; nothing is sent."""
    problems = []
    for name in dict.fromkeys(channels):
        try:
            opened(name, settings.channels)
        except ConfigurationError as error:
            problems.append(str(error))
    return tuple(problems)


def _deliver(settings: Settings, message: Message, ledger: Ledger, dry_run: bool) -> Delivery:
    """What becomes of *message* on the ledger's channel; every failure of the channel is told in it."""
    name, known = ledger.channel, settings.channels.get(ledger.channel)
    delivery = Delivery(name, known.kind if known else "", message.message_id, message.topic, "failed", "")
    before = ledger.before(message.message_id)
    if before.sent_at:
        detail = f"was sent on {before.sent_at:%Y-%m-%d at %H:%M} UTC"
        return replace(delivery, status="already_sent", detail=detail, reference=before.reference)
    try:
        channel, options = opened(name, settings.channels)
    except ConfigurationError as error:
        return _failed(delivery, str(error))
    if dry_run:
        return replace(delivery, status="dry_run", detail=without_secrets(channel.preview(message, options), options))
    send = partial(channel.send, message, options, before.first_reference)
    return _sent(delivery, settings.channels[name], options, send)


def _sent(delivery: Delivery, chosen: ChannelSettings, options: Options, send: Callable[[], Sent]) -> Delivery:
    """Try to send until it is sent, refused, or tried often enough."""
    tries = Retrying(
        retry=retry_if_exception_type(ServiceUnavailable),
        stop=stop_after_attempt(chosen.attempts),
        wait=lambda state: _seconds_to_wait(state, chosen.backoff_seconds),
        reraise=True,
    )
    try:
        sent = tries(send)
    except NightjarError as error:
        trouble, delivery = str(error), replace(delivery, unavailable=isinstance(error, ServiceUnavailable))
    except Exception as error:  # noqa: BLE001 - a fault in one channel stops no other; its text may hold a secret
        where = traceback.extract_tb(error.__traceback__)[-1]
        trouble = f"{type(error).__name__} in {Path(where.filename).name}, line {where.lineno}: a fault of the channel."
    else:
        attempts, detail = tries.statistics["attempt_number"], without_secrets(sent.detail, options)
        return replace(delivery, status="sent", detail=detail, reference=sent.reference, attempts=attempts)
    attempts = tries.statistics["attempt_number"]
    often = f" Tried {attempts} times." if attempts > 1 else ""
    return _failed(replace(delivery, attempts=attempts), without_secrets(trouble, options) + often)


def _failed(delivery: Delivery, trouble: str) -> Delivery:
    log.warning("%s was not sent through %s: %s", delivery.message_id, delivery.channel, trouble)
    return replace(delivery, status="failed", detail=trouble)


def _seconds_to_wait(state: RetryCallState, first_seconds: float) -> float:
    error = state.outcome.exception() if state.outcome else None
    return seconds_to_wait(state.attempt_number, first_seconds, getattr(error, "retry_after_seconds", None))
