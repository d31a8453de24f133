"""Mail by SMTP: what a mail program gets, over every kind of connection, and what servers refuse."""

from pathlib import Path

import pytest

from tasks.shared.channels import File, channel_problems, deliver
from tasks.shared.channels.mail import MailOptions, as_mail
from tests.shared.channels.mailbox import LOGIN, PASSWORD, authority, mail_server
from tests.shared.channels.messages import PARTS_OF_MAIL, a_png, alert, lake_in, report, with_channels

pytestmark = pytest.mark.usefixtures("unchecked")

TO = ["ada@example.com", "Grace Hopper <grace@example.com>"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def tell(tmp_path, files):
    def told(message, mailbox, security="none", **given):
        options = {"kind": "smtp", "host": "127.0.0.1", "port": mailbox.port, "security": security, **given}
        options |= {"sender": "Nightjar <nightjar@example.com>", "recipients": given.get("recipients", TO)}
        settings = with_channels(mail={"timeout_seconds": 5, "ca_file": str(files[0]), **options})
        return deliver(lake_in(tmp_path / "lake"), settings, message, ["mail"])[0]

    return told


def test_a_report_is_text_and_html_with_its_picture_inside_and_the_page_attached(files, tell):
    with mail_server("none", files) as mailbox:
        found = tell(report(), mailbox)
    (mail,) = mailbox.mails
    body, attachment = mail.iter_parts()
    text, related = body.iter_parts()
    html, picture = related.iter_parts()
    assert [part.get_content_type() for part in (mail, body, text, related, html, picture, attachment)] == PARTS_OF_MAIL
    assert text.get_content().split("\r\n") == ["Spans: 1,200", "Errors: 0.4 %", "Grüße", ""]
    assert 'src="cid:latency.png"' in html.get_content()
    assert (picture["Content-ID"], picture.get_content_disposition()) == ("<latency.png>", "inline")
    assert picture.get_content() == a_png()
    assert attachment.get_filename() == "report.html"
    assert (mail["Subject"], mail["From"], mail["To"]) == (
        "chat, Thursday 19 November 2026",
        "Nightjar <nightjar@example.com>",
        "ada@example.com, Grace Hopper <grace@example.com>",
    )
    assert mailbox.recipients == ["ada@example.com", "grace@example.com"]
    assert found.reference == mail["Message-ID"]
    assert "mail to ada@example.com, Grace Hopper <grace@example.com>: 'chat, Thursday" in found.detail


def test_an_alert_without_html_gets_one_and_its_messages_are_one_conversation(files, tell):
    with mail_server("none", files) as mailbox:
        tell(alert(text="High.\n<b>&", facts=(("a<b", "1"),)), mailbox)
        tell(alert("resolved"), mailbox)
        tell(report(), mailbox)
    first, second, other = mailbox.mails
    html = first.get_body(("html",)).get_content()
    assert "&lt;b&gt;&amp;" in html
    assert "a&lt;b" in html
    assert '<a href="http://phoenix.test/t/1"' in html
    assert "a<b: 1" in first.get_body(("plain",)).get_content()
    assert first["References"] == second["References"] != other["References"]
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 3
    assert first["Importance"] == "high"


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_mail_is_handed_in_over_every_kind_of_connection_with_a_login(files, tell, security):
    with mail_server(security, files, login=security == "starttls") as mailbox:
        login = {"username": LOGIN, "password": PASSWORD} if security == "starttls" else {}
        assert tell(alert(), mailbox, security, **login).status == "sent"
    assert len(mailbox.mails) == 1


def test_a_wrong_login_is_refused_once_and_not_shown(files, tell):
    with mail_server("starttls", files, login=True) as mailbox:
        found = tell(alert(), mailbox, "starttls", username=LOGIN, password="wrong-password")
    assert (found.status, found.attempts) == ("failed", 1)
    assert "refused the login (535). Check username and password." in found.detail
    assert "wrong-password" not in found.detail


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(files, tell):
    with mail_server("tls", files) as mailbox:
        found = tell(alert(), mailbox, "tls", ca_file="")
    assert (found.status, found.attempts, mailbox.mails) == ("failed", 1, [])
    assert "has no certificate that is trusted" in found.detail


def test_a_server_without_starttls_is_told_nothing(files, tell):
    with mail_server("none", files) as mailbox:
        found = tell(alert(), mailbox, "starttls")
    assert (found.status, found.attempts, mailbox.mails) == ("failed", 1, [])
    assert "STARTTLS" in found.detail


@pytest.mark.parametrize(("answer", "attempts"), [("451 later", 2), ("550 5.7.1 spam", 1), ("552 5.3.4 too big", 1)])
def test_a_refusal_for_now_is_tried_again_and_one_for_good_is_not(files, tell, answer, attempts):
    with mail_server("none", files) as mailbox:
        mailbox.answer = answer
        found = tell(alert(), mailbox, attempts=2)
    assert (found.status, found.attempts) == ("failed", attempts)
    assert f"answered {answer}" in found.detail


def test_one_refused_recipient_is_told_and_the_others_get_the_mail(files, tell):
    with mail_server("none", files) as mailbox:
        mailbox.refusals = {"ada@example.com": "550 unknown"}
        some = tell(alert(), mailbox)
        mailbox.refusals["grace@example.com"] = "450 full"
        none = tell(alert("resolved"), mailbox, attempts=2)
    assert (some.status, mailbox.recipients) == ("sent", ["grace@example.com"])
    assert some.detail.endswith("; refused by the server: ada@example.com")
    assert (none.status, none.attempts) == ("failed", 1)
    assert "grace@example.com: 450 full" in none.detail


def test_the_wanted_files_are_attached_as_long_as_they_fit():
    options = MailOptions(
        sender="n@example.com", recipients=("a@example.com",), attach_up_to_bytes=25, attach=("html", "zip", "md")
    )
    sizes = {"page.html": 10, "tables.zip": 1000, "page.md": 15, "page.pdf": 1}
    files = tuple(File(name, "text/plain; charset=utf-8", b"x" * size) for name, size in sizes.items())
    mail = as_mail(report(files=files), options)
    assert [part.get_filename() for part in mail.iter_attachments()] == ["page.html", "page.md"]


def test_nothing_in_a_title_becomes_a_header():
    options = MailOptions(sender="n@example.com", recipients=("a@example.com",))
    mail = as_mail(alert(title="a\r\nBcc: eve@example.com"), options)
    assert (mail["Subject"], mail["Bcc"]) == ("a Bcc: eve@example.com", None)


@pytest.mark.parametrize("address", ["ada", "ada@", "@example.com", "a@b.c\r\nBcc: e@x.y", "ada @example.com, b"])
def test_what_is_no_address_is_named(address):
    given = {"kind": "smtp", "host": "h", "sender": "n@example.com", "recipients": [address]}
    (found,) = channel_problems(with_channels(a=given), ["a"])
    assert "channels.a.recipients.0: " in found
    assert "is no address" in found
