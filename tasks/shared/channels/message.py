"""What people or machines are to be told, and the same as JSON and as files."""

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from tasks.shared.pages.blocks import Link
from tasks.shared.records import Event, Severity

VERSION = 1


@dataclass(frozen=True)
class Picture:
    """A PNG that the HTML body refers to as `cid:<name>`; *description* is for those who do not see it."""

    name: str
    png: bytes
    description: str


@dataclass(frozen=True)
class File:
    """A file that goes along."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Message:
    """What people or machines are to be told, in every form that a channel may want.

    The same `message_id` is never sent twice through one channel. Messages about one thing share their `topic`: a
    thread in Slack, an incident in PagerDuty. `at` is the time that it is about, UTC. `text` is whole by itself; an
    empty `html` is made from it, an empty `summary` is its beginning. `data` is for machines and holds JSON types only.
    `parts` are the messages that a digest stands for, for channels that follow each topic by itself.
    """

    message_id: str
    topic: str
    event: Event
    severity: Severity
    title: str
    text: str
    project: str
    at: dt.datetime
    facts: tuple[tuple[str, str], ...] = ()
    links: tuple[Link, ...] = ()
    html: str = ""
    pictures: tuple[Picture, ...] = ()
    files: tuple[File, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    summary: str = ""
    parts: tuple["Message", ...] = ()


def document(message: Message) -> dict[str, Any]:
    """The message for machines, as JSON types; `version` grows when a field changes its meaning."""
    return {
        "version": VERSION,
        "message_id": message.message_id,
        "topic": message.topic,
        "event": message.event,
        "severity": message.severity,
        "title": message.title,
        "text": message.text,
        "project": message.project,
        "at": message.at.isoformat(),
        "facts": [{"name": name, "value": value} for name, value in message.facts],
        "links": [{"text": link.text, "url": link.url} for link in message.links],
        "data": dict(message.data),
    }


def as_files(message: Message) -> tuple[File, ...]:
    """The message as files that belong in one folder: JSON, text, the HTML with its pictures, and what goes along."""
    html = message.html
    for picture in message.pictures:
        html = html.replace(f"cid:{picture.name}", picture.name)
    own = [
        File("message.json", "application/json", orjson.dumps(document(message), option=orjson.OPT_INDENT_2)),
        File("message.txt", "text/plain; charset=utf-8", message.text.encode()),
        *([File("message.html", "text/html; charset=utf-8", html.encode())] if html else []),
        *(File(picture.name, "image/png", picture.png) for picture in message.pictures),
    ]
    return (*own, *message.files)


def folder_of(message: Message) -> str:
    """Where the message's files lie in an archive, below its root: the same place whenever it is sent."""
    return f"{slug(message.project)}/{message.at:%Y-%m-%d}/{slug(message.message_id)}"


def slug(text: str) -> str:
    """*text* as part of a path; what it loses is made up for by a digest, so that no two are the same."""
    kept = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:80]
    return kept if kept == text else f"{kept}-{hashlib.sha256(text.encode()).hexdigest()[:8]}".strip("-")
