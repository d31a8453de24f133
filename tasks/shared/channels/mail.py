"""A message as a mail: plain text, HTML with its pictures inside, and the files that go along."""

import datetime as dt
import hashlib
from email import policy
from email.errors import HeaderParseError
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Annotated

from markupsafe import Markup
from pydantic import AfterValidator, Field

from tasks.shared.channels.channel import Options
from tasks.shared.channels.message import File, Message
from tasks.shared.channels.wording import in_bytes, one_line
from tasks.shared.pages.page import cell_html

SUBJECT_CHARACTERS = 200
IMPORTANT = {"critical": "high"}
# Mail clients know no style sheets: every style stands with its element.
FONT = "font-family:Segoe UI,Helvetica,Arial,sans-serif;font-size:14px;line-height:1.5;color:#1c2128"
CELL = "padding:2px 12px 2px 0;vertical-align:top;text-align:left"


def _address(text: str) -> str:
    try:
        found = policy.default.header_factory("To", text)
        is_one = len(found.addresses) == 1 and bool(found.addresses[0].domain) and not found.defects
    except (IndexError, ValueError, HeaderParseError):  # an IndexError: a name that ends in @
        is_one = False
    if not is_one or len(text.splitlines()) != 1:
        raise ValueError(f"{text!r} is no address. Write name@example.com or Name <name@example.com>")
    return text


Address = Annotated[str, AfterValidator(_address)]


class MailOptions(Options):
    """What every mail needs."""

    sender: Address = Field(description="address that it comes from")
    recipients: tuple[Address, ...] = Field(min_length=1, description="addresses that get it")
    attach: tuple[str, ...] = Field(("html",), description="endings of the files that are attached, html or pdf ...")
    attach_up_to_bytes: int = Field(
        5_000_000, ge=0, description="files are attached as long as they fit into that many bytes together"
    )


def as_mail(message: Message, options: MailOptions) -> EmailMessage:
    """The mail. Its id depends on the message's alone, so that a mail program knows one that came twice."""
    mail = EmailMessage(policy=policy.SMTP)
    domain = parseaddr(options.sender)[1].rpartition("@")[2]
    mail["Subject"] = one_line(message.title, SUBJECT_CHARACTERS)
    mail["From"], mail["To"] = options.sender, ", ".join(options.recipients)
    mail["Date"] = format_datetime(dt.datetime.now(dt.UTC))
    mail["Message-ID"] = _id(message.message_id, domain)
    mail["References"] = _id(message.topic, domain)  # one conversation for each topic
    mail["Auto-Submitted"] = "auto-generated"
    if message.severity in IMPORTANT:
        mail["Importance"] = IMPORTANT[message.severity]
    mail.set_content(_text(message))
    mail.add_alternative(message.html or html_of(message), subtype="html")
    body = mail.get_payload()[1]  # type: ignore[index]
    for picture in message.pictures:
        body.add_related(  # type: ignore[union-attr]
            picture.png, "image", "png", cid=f"<{picture.name}>", filename=picture.name, disposition="inline"
        )
    for file in attached(message, options):
        main, _, sub = file.media_type.partition(";")[0].partition("/")
        mail.add_attachment(file.content, main, sub or "octet-stream", filename=file.name)
    return mail


def attached(message: Message, options: MailOptions) -> list[File]:
    """The wanted files that fit, in their order."""
    found, room = [], options.attach_up_to_bytes
    for file in _wanted(message, options):
        if len(file.content) <= room:
            found.append(file)
            room -= len(file.content)
    return found


def preview(message: Message, options: MailOptions) -> str:
    """Recipients, subject, size, and which files stay behind."""
    mail, kept = as_mail(message, options), attached(message, options)
    left = [file.name for file in _wanted(message, options) if file not in kept]
    parts = [
        f"mail to {', '.join(options.recipients)}: {mail['Subject']!r}",
        in_bytes(len(mail.as_bytes())),
        f"{len(message.pictures)} pictures" if message.pictures else "",
        f"{', '.join(file.name for file in kept)} attached" if kept else "",
        f"{', '.join(left)} too large to attach" if left else "",
    ]
    return ", ".join(part for part in parts if part)


def html_of(message: Message) -> str:
    """HTML of a message that brings none: its text, its facts, its pictures and its links."""
    parts = [Markup('<h2 style="font-size:18px;margin:0 0 8px">{}</h2>').format(message.title)]
    lines = message.text.strip().splitlines()
    parts += [Markup("<p style='margin:0 0 8px'>{}</p>").format(line) for line in lines if line.strip()]
    if message.facts:
        row = Markup("<tr><th style='{}'>{}</th><td style='{}'>{}</td></tr>")
        rows = Markup("").join(row.format(CELL, name, CELL, value) for name, value in message.facts)
        parts.append(Markup("<table role='presentation' style='border-collapse:collapse'>{}</table>").format(rows))
    parts += [
        Markup("<p><img src='cid:{}' alt='{}' style='max-width:100%'></p>").format(picture.name, picture.description)
        for picture in message.pictures
    ]
    parts += [Markup("<p style='margin:0'>{}</p>").format(cell_html(link)) for link in message.links]
    return str(Markup("<!doctype html><div style='{}'>{}</div>").format(FONT, Markup("\n").join(parts)))


def _wanted(message: Message, options: MailOptions) -> list[File]:
    return [file for file in message.files if file.name.rpartition(".")[2] in options.attach]


def _text(message: Message) -> str:
    """The plain text: that of the message, and what only HTML would show otherwise."""
    if message.html:
        return message.text
    facts = [f"{name}: {value}" for name, value in message.facts]
    links = [f"{link.text}: {link.url}" for link in message.links]
    return "\n\n".join(part for part in (message.text.strip(), "\n".join(facts), "\n".join(links)) if part) + "\n"


def _id(text: str, domain: str) -> str:
    return f"<{hashlib.sha256(text.encode()).hexdigest()[:32]}@{domain}>"
