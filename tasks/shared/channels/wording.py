"""How a message is said in little room."""

from tasks.shared.channels.message import Message
from tasks.shared.records import Event

SIGNS: dict[str, str] = {"critical": "\N{LARGE RED CIRCLE}", "warning": "\N{LARGE ORANGE CIRCLE}"}
ENDED: dict[Event, str] = {"resolved": "\N{WHITE HEAVY CHECK MARK}", "acknowledged": "\N{EYES}"}


def with_sign(message: Message) -> str:
    """The title behind a sign for what happened, or for how bad it is."""
    sign = ENDED.get(message.event) or SIGNS.get(message.severity)
    return f"{sign} {message.title}" if sign else message.title


def in_short(message: Message, characters: int) -> str:
    """What the message says, in at most that many *characters*."""
    return cut(message.summary or message.text, characters)


def cut(text: str, characters: int) -> str:
    """*text* in at most that many *characters*, cut at the end of a line or of a word."""
    text = text.strip()
    if len(text) <= characters:
        return text
    room = text[: characters - 2]
    for end in ("\n", " "):
        kept, found, _ = room.rpartition(end)
        if found and len(kept) > characters // 2:
            return f"{kept.rstrip()} \N{HORIZONTAL ELLIPSIS}"
    return f"{room} \N{HORIZONTAL ELLIPSIS}"


def one_line(text: str, characters: int) -> str:
    """*text* on one line, cut."""
    return cut(" ".join(text.split()), characters)


def in_bytes(count: int) -> str:
    """A size for people."""
    return f"{count:,} bytes" if count < 10_000 else f"{count / 1000:,.0f} kB"
