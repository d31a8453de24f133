"""An Amazon SNS topic: a text or JSON, with event, severity and project as attributes to filter by."""

import hashlib
from typing import Literal

import orjson
from pydantic import Field

from tasks.shared.channels.channel import Channel, Options, Sent
from tasks.shared.channels.message import Message, document
from tasks.shared.channels.wording import in_bytes, in_short, one_line
from tasks.shared.gateways.aws import Aws

# SNS takes 256 KiB with the attributes, and subjects of 100 characters of ASCII.
LARGEST_BYTES = 250_000
SUBJECT_CHARACTERS = 99


class SnsOptions(Options):
    """Which topic, and in which form."""

    topic_arn: str = Field(pattern=r"^arn:[\w-]+:sns:", description="ARN of the topic; a FIFO topic keeps the order")
    form: Literal["text", "json"] = Field("text", description="text for people, json for machines")
    region: str | None = Field(None, description="AWS region; that of the ARN when absent")
    endpoint_url: str | None = Field(None, description="endpoint, for moto and the like")


def preview(message: Message, options: SnsOptions) -> str:
    """Topic, subject and size."""
    size = in_bytes(len(_body(message, options).encode()))
    return f"{options.form} to {options.topic_arn}: {_subject(message)!r}, {size}"


def send(message: Message, options: SnsOptions, _earlier: str) -> Sent:
    """Publish; a FIFO topic takes the same message once within five minutes."""
    region = options.region or options.topic_arn.split(":")[3]
    fifo = {"MessageGroupId": _digest(message.topic), "MessageDeduplicationId": _digest(message.message_id)}
    reference = Aws(region, options.endpoint_url, options.timeout_seconds).publish(
        options.topic_arn,
        _subject(message),
        _body(message, options),
        {"event": message.event, "severity": message.severity, "project": message.project},
        **(fifo if options.topic_arn.endswith(".fifo") else {}),
    )
    return Sent(preview(message, options), reference)


def _subject(message: Message) -> str:
    plain = message.title.encode("ascii", "replace").decode()
    return one_line(plain, SUBJECT_CHARACTERS).replace("\N{HORIZONTAL ELLIPSIS}", "...")[:SUBJECT_CHARACTERS]


def _body(message: Message, options: SnsOptions) -> str:
    if options.form == "json":
        whole = orjson.dumps(document(message))
        short = {**document(message), "text": in_short(message, 1000), "data": {}}
        return (whole if len(whole) <= LARGEST_BYTES else orjson.dumps(short)).decode()
    links = "\n".join(f"{link.text}: {link.url}" for link in message.links)
    return "\n\n".join(part for part in (in_short(message, LARGEST_BYTES // 4), links) if part)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


CHANNEL = Channel(options=SnsOptions, preview=preview, send=send)
