"""Microsoft Teams: an Adaptive Card with facts and links, posted by a workflow of the channel."""

import re
from typing import Any

import orjson
from pydantic import Field, SecretStr

from tasks.shared.channels.channel import Channel, Options, Sent
from tasks.shared.channels.message import Message
from tasks.shared.channels.wording import cut, in_bytes, one_line, with_sign
from tasks.shared.gateways.http import host_of, post

# Teams refuses messages above 28 KB.
TEXT_CHARACTERS, TITLE_CHARACTERS, VALUE_CHARACTERS, FACTS, LINKS = 4000, 300, 200, 20, 6
# What a card would take for a link or for emphasis: texts come from the traffic.
MARKUP = re.compile(r"([\\`*_\[\]<>~])")
COLOURS = {"critical": "Attention", "warning": "Warning"}


class TeamsOptions(Options):
    """Which workflow."""

    url: SecretStr = Field(description="address of a workflow that begins with a Teams webhook request; a secret")


def preview(message: Message, options: TeamsOptions) -> str:
    """Host, title and size."""
    size = in_bytes(len(orjson.dumps(card(message))))
    return f"card of {size} to {host_of(options.url.get_secret_value())}: {message.title!r}"


def send(message: Message, options: TeamsOptions, _earlier: str) -> Sent:
    """POST the card. A workflow says nothing of the message it makes, so that later ones are no answers to it."""
    post(
        "the Teams workflow",
        options.url.get_secret_value(),
        content=orjson.dumps(card(message)),
        headers={"content-type": "application/json"},
        timeout_seconds=options.timeout_seconds,
    )
    return Sent(preview(message, options))


def card(message: Message) -> dict[str, Any]:
    """The request that a workflow takes: one Adaptive Card."""
    title: dict[str, Any] = {"type": "TextBlock", "size": "Large", "weight": "Bolder", "wrap": True}
    title["text"] = one_line(escaped(with_sign(message)), TITLE_CHARACTERS)
    if message.event != "resolved" and message.severity in COLOURS:
        title["color"] = COLOURS[message.severity]
    facts = [
        {"title": one_line(escaped(name), VALUE_CHARACTERS), "value": one_line(escaped(value), VALUE_CHARACTERS)}
        for name, value in message.facts[:FACTS]
    ]
    # Teams keeps a single line break out of a text block; two make a paragraph.
    text = cut(escaped(message.summary or message.text), TEXT_CHARACTERS).replace("\n", "\n\n")
    content: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [
            title,
            {"type": "TextBlock", "wrap": True, "text": text},
            *([{"type": "FactSet", "facts": facts}] if facts else []),
        ],
        "actions": [
            {"type": "Action.OpenUrl", "title": one_line(link.text, VALUE_CHARACTERS), "url": link.url}
            for link in message.links[:LINKS]
        ],
    }
    return {
        "type": "message",
        "attachments": [
            {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
        ],
    }


def escaped(text: str) -> str:
    """*text* with nothing in it that an Adaptive Card would act on."""
    return MARKUP.sub(r"\\\1", text)


CHANNEL = Channel(options=TeamsOptions, preview=preview, send=send)
