"""A message as Slack's Block Kit, within its limits."""

from collections.abc import Mapping
from typing import Any

from tasks.shared.channels.message import Message
from tasks.shared.channels.wording import in_short, one_line, with_sign

Block = dict[str, Any]
HEADER, TEXT, FIELD, FIELDS, DESCRIPTION, LINKS = 150, 2900, 300, 10, 1900, 15


def blocks(message: Message, shown: Mapping[str, str]) -> list[Block]:
    """Header, text, facts, pictures, links, and a line on what it is about; *shown* are Slack's ids by picture name."""
    found: list[Block] = [
        {"type": "header", "text": {"type": "plain_text", "text": one_line(with_sign(message), HEADER)}}
    ]
    text = escaped(in_short(message, TEXT))
    if text:
        found.append({"type": "section", "text": {"type": "mrkdwn", "text": text}})
    for start in range(0, min(len(message.facts), 2 * FIELDS), FIELDS):
        fields = [
            {"type": "mrkdwn", "text": f"*{escaped(one_line(name, FIELD))}*\n{escaped(one_line(value, FIELD))}"}
            for name, value in message.facts[start : start + FIELDS]
        ]
        found.append({"type": "section", "fields": fields})
    found += [
        {
            "type": "image",
            "slack_file": {"id": shown[picture.name]},
            "alt_text": one_line(picture.description, DESCRIPTION),
        }
        for picture in message.pictures
        if picture.name in shown
    ]
    if message.links:
        links = " · ".join(f"<{escaped(to.url)}|{escaped(to.text)}>" for to in message.links[:LINKS])
        found.append({"type": "section", "text": {"type": "mrkdwn", "text": links}})
    about = f"{escaped(message.project)} · {message.event} · {message.at:%Y-%m-%d %H:%M} UTC"
    found.append({"type": "context", "elements": [{"type": "mrkdwn", "text": about}]})
    return found


def escaped(text: str) -> str:
    """*text* with nothing in it that Slack would take for a link or a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
