"""PagerDuty: an alert is an incident that is triggered, acknowledged and resolved; a report is a change event."""

import hashlib
from typing import Any

import orjson
from pydantic import Field, SecretStr

from tasks.shared.channels.channel import Channel, Options, Sent
from tasks.shared.channels.message import Message
from tasks.shared.channels.wording import in_short, one_line
from tasks.shared.gateways.http import host_of, post

ACTIONS = {"acknowledged": "acknowledge", "resolved": "resolve"}
SUMMARY_CHARACTERS, KEY_CHARACTERS, TEXT_CHARACTERS, LINKS = 1024, 255, 4000, 10


class PagerDutyOptions(Options):
    """Which service is paged."""

    routing_key: SecretStr = Field(min_length=8, description="integration key of an Events API v2 integration")
    url: str = Field(
        "https://events.pagerduty.com", description="https://events.eu.pagerduty.com for accounts in the EU"
    )


def preview(message: Message, options: PagerDutyOptions) -> str:
    """What is done with which incident."""
    if message.event == "report":
        return f"change event to {host_of(options.url)}: {message.title!r}"
    if message.parts:
        return f"{len(_standing(message))} events to {host_of(options.url)}: {message.title!r}"
    return f"{_action(message)} of {dedup_key(message.topic)!r} to {host_of(options.url)}: {message.title!r}"


def send(message: Message, options: PagerDutyOptions, _earlier: str) -> Sent:
    """POST an event; for a digest one for each incident, with how it stands: what is over by then pages nobody.

    The topic is the incident's key, so that it is triggered once, however often it is sent.
    """
    path = "/v2/change/enqueue" if message.event == "report" else "/v2/enqueue"
    for part in _standing(message):
        post(
            "PagerDuty",
            options.url.rstrip("/") + path,
            content=orjson.dumps(event(part, options.routing_key.get_secret_value())),
            headers={"content-type": "application/json"},
            timeout_seconds=options.timeout_seconds,
        )
    is_one = message.event != "report" and not message.parts
    return Sent(preview(message, options), dedup_key(message.topic) if is_one else "")


def event(message: Message, routing_key: str) -> dict[str, Any]:
    """The event, in the form of the Events API v2."""
    details = {
        **dict(message.facts),
        "project": message.project,
        "text": in_short(message, TEXT_CHARACTERS),
        **({"data": dict(message.data)} if message.data else {}),
    }
    payload = {
        "summary": one_line(message.title, SUMMARY_CHARACTERS),
        "source": f"nightjar:{message.project}",
        "timestamp": message.at.isoformat(),
        "custom_details": details,
    }
    links = [{"href": link.url, "text": link.text} for link in message.links[:LINKS]]
    if message.event == "report":
        return {"routing_key": routing_key, "payload": payload, "links": links}
    return {
        "routing_key": routing_key,
        "event_action": _action(message),
        "dedup_key": dedup_key(message.topic),
        "client": "Nightjar",
        "payload": {**payload, "severity": message.severity, "component": message.project},
        "links": links,
    }


def dedup_key(topic: str) -> str:
    """The incident's key: the topic, or its digest where it is too long."""
    return topic if len(topic) <= KEY_CHARACTERS else hashlib.sha256(topic.encode()).hexdigest()


def _standing(message: Message) -> tuple[Message, ...]:
    """The last message of each topic in a digest, or the message itself."""
    return tuple({part.topic: part for part in message.parts or (message,)}.values())


def _action(message: Message) -> str:
    return ACTIONS.get(message.event, "trigger")


CHANNEL = Channel(options=PagerDutyOptions, preview=preview, send=send)
