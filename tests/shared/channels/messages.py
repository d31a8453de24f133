"""Messages as reports and alerts make them, a lake, and settings with channels."""

import datetime as dt
import struct
import zlib
from pathlib import Path
from typing import Any

from tasks.shared.channels import File, Message, Picture
from tasks.shared.pages.blocks import Link
from tasks.shared.settings import LakeSettings, Settings
from tasks.shared.store.lake import Lake

# Of a report as a mail: text, HTML with a picture inside, and the page.
PARTS_OF_MAIL = [
    *("multipart/mixed", "multipart/alternative", "text/plain", "multipart/related"),
    *("text/html", "image/png", "text/html"),
]
AT = dt.datetime(2026, 11, 19, 5, tzinfo=dt.UTC)


def a_png() -> bytes:
    """One white pixel."""
    parts = [(b"IHDR", struct.pack(">2I5B", 1, 1, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0\xff")), (b"IEND", b"")]
    chunks = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def alert(event: str = "raised", number: int = 1, **changes: Any) -> Message:
    """A message of the life cycle of one alert."""
    given: dict[str, Any] = {
        "message_id": f"alert:a1:{event}:{number}",
        "topic": "alert:a1",
        "event": event,
        "severity": "critical",
        "title": "Errors: 12 % of 400 traces",
        "text": "The error rate is 12 % (9.1 to 15.5 %), above 5 %.",
        "project": "chat",
        "at": AT,
        "facts": (("Error rate", "12 %"), ("n", "400")),
        "links": (Link("worst trace", "http://phoenix.test/t/1"),),
        "data": {"rule": "error_rate", "value": 0.12},
    }
    return Message(**(given | changes))


def report(**changes: Any) -> Message:
    """A day's report: HTML with a picture, and the page as a file."""
    given: dict[str, Any] = {
        "message_id": "report:chat:day:2026-11-19",
        "topic": "report:chat:day:2026-11-19",
        "event": "report",
        "severity": "info",
        "title": "chat, Thursday 19 November 2026",
        "text": "Spans: 1,200\nErrors: 0.4 %\nGrüße\n",
        "facts": (("Spans", "1,200"), ("Errors", "0.4 %")),
        "html": '<p>Grüße</p><img src="cid:latency.png" alt="Latency">',
        "pictures": (Picture("latency.png", a_png(), "p95: highest 3.1 s at 07:00"),),
        "files": (File("report.html", "text/html", b"<!doctype html><p>page</p>"),),
    }
    return alert(**(given | changes))


def lake_in(folder: Path) -> Lake:
    """A new lake."""
    return Lake.open(LakeSettings(root=str(folder)))


def with_channels(**channels: Any) -> Settings:
    """Settings with *channels*, which try quickly."""
    quick = {"backoff_seconds": 0.0}
    return Settings(channels={name: {**quick, **given} for name, given in channels.items()})
