"""Delivery: once, through every channel, tried again, recorded, threaded, and without secrets."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tasks.shared.channels import Message, channel_problems, deliver, with_channel_secrets
from tasks.shared.channels import channel as channels_module
from tasks.shared.channels.channel import Channel, Options, Sent
from tasks.shared.channels.deliveries import Ledger
from tasks.shared.errors import ServiceBusy, ServiceRefused, ServiceUnavailable, StoreError
from tests.shared.channels.messages import alert, lake_in, report, with_channels

ROWS = "SELECT channel, status, attempts, reference, error, topic FROM deliveries ORDER BY channel, message_id"


class FakeOptions(Options):
    """A place and a password."""

    place: str
    password: SecretStr | None = None


class Fake:
    """A kind of channel that does what *answers* say, one for each try, and keeps what it was asked."""

    def __init__(self, *answers: BaseException | str) -> None:
        self.answers, self.asked = list(answers), list[tuple[str, str]]()

    def __call__(self, message: Message, options: FakeOptions, earlier: str) -> Sent:
        """One try."""
        self.asked.append((message.message_id, earlier))
        answer = self.answers.pop(0) if self.answers else f"r{len(self.asked)}"
        if isinstance(answer, BaseException):
            raise answer
        return Sent(f"to {options.place}", answer)


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def put(**sends: Any) -> None:
        known = {
            name: Channel(options=FakeOptions, preview=lambda m, o: f"{m.title} to {o.place}", send=send)
            for name, send in sends.items()
        }
        monkeypatch.setattr(channels_module, "known_channels", lambda: known)

    return put


def told(lake: Any) -> list[dict[str, Any]]:
    return lake.sql(ROWS, "chat").to_pylist()


def test_a_message_goes_once_through_each_channel_and_is_recorded(tmp_path, kinds):
    post, chat = Fake("p1"), Fake("c1")
    kinds(post=post, chat=chat)
    lake = lake_in(tmp_path)
    settings = with_channels(a={"kind": "post", "place": "x"}, b={"kind": "chat", "place": "y"})
    first = deliver(lake, settings, alert(), ["b", "a", "b"])
    again = deliver(lake, settings, alert(), ["b", "a"])
    assert [(d.channel, d.kind, d.status, d.detail, d.reference, d.attempts) for d in first] == [
        ("b", "chat", "sent", "to y", "c1", 1),
        ("a", "post", "sent", "to x", "p1", 1),
    ]
    assert [(d.channel, d.status, d.reference) for d in again] == [
        ("b", "already_sent", "c1"),
        ("a", "already_sent", "p1"),
    ]
    assert (len(post.asked), len(chat.asked)) == (1, 1)
    assert [(row["channel"], row["status"]) for row in told(lake)] == [("a", "sent"), ("b", "sent")]


def test_a_channel_that_fails_is_tried_again_and_stops_no_other(tmp_path, kinds):
    kinds(
        down=Fake(*[ServiceUnavailable("it is down.")] * 3),
        says_no=Fake(ServiceRefused("no such place.")),
        shaky=Fake(ServiceUnavailable("a moment."), ServiceBusy("too fast.", 0.0), "s1"),
        broken=Fake(KeyError("s3cret")),
        good=Fake("g1"),
    )
    settings = with_channels(
        **{name: {"kind": name, "place": "x", "attempts": 3} for name in ("down", "says_no", "shaky", "broken", "good")}
    )
    lake = lake_in(tmp_path)
    found = {d.channel: d for d in deliver(lake, settings, alert(), ["down", "says_no", "shaky", "broken", "good"])}
    assert {name: (d.status, d.attempts) for name, d in found.items()} == {
        "down": ("failed", 3),
        "says_no": ("failed", 1),
        "shaky": ("sent", 3),
        "broken": ("failed", 1),
        "good": ("sent", 1),
    }
    assert found["down"].detail == "it is down. Tried 3 times."
    assert found["broken"].detail.startswith("KeyError in test_delivery.py, line ")
    assert [(row["channel"], row["error"]) for row in told(lake) if row["error"]][-1] == ("says_no", "no such place.")


def test_what_failed_is_sent_by_the_next_run(tmp_path, kinds):
    post = Fake(ServiceRefused("no."), "p1")
    kinds(post=post)
    lake, settings = lake_in(tmp_path), with_channels(a={"kind": "post", "place": "x"})
    statuses = [deliver(lake, settings, alert(), ["a"])[0].status for _ in range(3)]
    assert statuses == ["failed", "sent", "already_sent"]
    assert [(row["status"], row["error"]) for row in told(lake)] == [("sent", None)]


def test_later_messages_of_a_topic_are_told_what_the_first_is_called(tmp_path, kinds):
    chat = Fake("root", "second", "third", "other")
    kinds(chat=chat)
    lake, settings = lake_in(tmp_path), with_channels(a={"kind": "chat", "place": "x"})
    for message in (alert("raised"), alert("renewed"), alert("resolved"), report()):
        deliver(lake, settings, message, ["a"])
    assert [earlier for _, earlier in chat.asked] == ["", "root", "root", ""]


def test_a_dry_run_says_what_would_go_where_and_leaves_nothing(tmp_path, kinds):
    post = Fake()
    kinds(post=post)
    lake, settings = lake_in(tmp_path), with_channels(a={"kind": "post", "place": "x"}, b={"kind": "post"})
    found = deliver(lake, settings, alert(), ["a", "b"], dry_run=True)
    assert [(d.status, d.detail) for d in found] == [
        ("dry_run", "Errors: 12 % of 400 traces to x"),
        (
            "failed",
            "channels.b.place is missing. Give it in nightjar.toml, or as NIGHTJAR_CHANNELS__B__PLACE.",
        ),
    ]
    assert not post.asked
    assert told(lake) == []


def test_no_secret_gets_into_what_is_told(tmp_path, kinds, caplog):
    kinds(post=Fake(ServiceRefused("bad login hunter2-hunter2.")))
    settings = with_channels(a={"kind": "post", "place": "x", "password": "hunter2-hunter2"})
    lake = lake_in(tmp_path)
    (found,) = deliver(lake, settings, alert(), ["a"])
    assert found.detail == "bad login [masked]."
    assert "hunter2" not in f"{told(lake)} {caplog.text} {settings!r} {settings.model_dump()}"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"kind": "fax"}, "channels.a.kind 'fax' is no kind of channel. Use one of apprise, file, "),
        (
            {"kind": "file"},
            "channels.a.folder is missing. Give it in nightjar.toml, or as NIGHTJAR_CHANNELS__A__FOLDER.",
        ),
        ({"kind": "file", "folder": "x", "fodler": "y"}, "channels.a.fodler is no key of file. Its keys are "),
        ({"kind": "file", "folder": ""}, "channels.a.folder: String should have at least 1 character. Correct it"),
        (
            {"kind": "file", "secret_blocks": {"folder": "where"}},
            "channels.a.folder lies in the Prefect block 'where', which was not opened: create it",
        ),
    ],
)
def test_a_wrong_channel_names_channel_key_and_fix(given, problem):
    (found,) = channel_problems(with_channels(a=given), ["a"])
    assert problem in found


def test_a_channel_that_is_not_declared_is_a_problem_and_a_failed_delivery(tmp_path):
    settings = with_channels(team={"kind": "file", "folder": str(tmp_path / "out")})
    problem = "there is no channel 'tem'. Declare it as [channels.tem] in nightjar.toml, or name one of: team."
    assert channel_problems(settings, ["tem", "team"]) == (problem,)
    wrong, right = deliver(lake_in(tmp_path / "lake"), settings, alert(), ["tem", "team"])
    assert (wrong.status, wrong.detail, right.status) == ("failed", problem, "sent")


async def test_secrets_of_named_channels_come_out_of_the_vault():
    async def secret(block: str) -> str:
        return {"where": "/tmp/there"}[block]

    settings = with_channels(
        a={"kind": "file", "secret_blocks": {"folder": "where"}},
        b={"kind": "file", "secret_blocks": {"folder": "nowhere"}},
    )
    filled = await with_channel_secrets(settings, ["a"], secret)
    assert channel_problems(filled, ["a"]) == ()
    assert filled.channels["a"].own == {"folder": "/tmp/there"}
    assert filled.channels["b"] == settings.channels["b"]


async def test_a_secret_that_is_not_in_the_vault_is_told_of_and_keeps_no_other_from_being_found(caplog):
    async def secret(block: str) -> str:
        if block == "nowhere":
            raise ValueError("Unable to find block document")
        return "/tmp/there"

    settings = with_channels(
        a={"kind": "file", "secret_blocks": {"folder": "nowhere"}},
        b={"kind": "file", "secret_blocks": {"folder": "where"}},
    )
    filled = await with_channel_secrets(settings, ["a", "b"], secret)
    assert filled.channels["b"].own == {"folder": "/tmp/there"}
    assert "there is no Prefect Secret block 'nowhere'. Create it." in caplog.text
    assert channel_problems(filled, ["a"])


def test_a_run_that_is_killed_after_sending_sends_again_and_what_is_told_is_there_once(tmp_path):
    folder, lake = tmp_path / "out", tmp_path / "lake"
    script = f"""
import os, signal
from tasks.shared.channels import deliver
from tasks.shared.channels.deliveries import Ledger
from tests.shared.channels.messages import alert, lake_in, with_channels
from pathlib import Path
Ledger.record = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
deliver(lake_in(Path({str(lake)!r})), with_channels(a={{"kind": "file", "folder": {str(folder)!r}}}), alert(), ["a"])
"""
    killed = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[3], check=False)
    assert killed.returncode == -signal.SIGKILL
    (told_before,) = folder.rglob("message.json")
    settings = with_channels(a={"kind": "file", "folder": str(folder)})
    statuses = [deliver(lake_in(lake), settings, alert(), ["a"])[0].status for _ in range(2)]
    assert statuses == ["sent", "already_sent"]
    assert list(folder.rglob("message.json")) == [told_before]


def test_two_runs_at_once_send_a_message_once(tmp_path, kinds):
    both, post = threading.Barrier(2, timeout=10), Fake()
    kinds(post=post)
    lake, settings = lake_in(tmp_path), with_channels(a={"kind": "post", "place": "x"})
    statuses: list[str] = []

    def run() -> None:
        both.wait()
        statuses.append(deliver(lake, settings, alert(), ["a"])[0].status)

    threads = [threading.Thread(target=run) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(statuses) == ["already_sent", "sent"]
    assert len(post.asked) == 1


def test_the_channels_keys_come_from_the_environment_too(tmp_path, monkeypatch):
    from tasks.shared.settings import load_settings

    (tmp_path / "nightjar.toml").write_text('[channels.night_desk]\nkind = "file"\n')
    monkeypatch.setenv("NIGHTJAR_CONFIG", str(tmp_path / "nightjar.toml"))
    monkeypatch.setenv("NIGHTJAR_CHANNELS__NIGHT_DESK__FOLDER", "0123")
    settings = load_settings()
    assert channel_problems(settings, ["night_desk"]) == ()
    assert settings.channels["night_desk"].own == {"folder": "0123"}


def test_the_file_channel_writes_a_folder_per_message(tmp_path):
    settings = with_channels(archive={"kind": "file", "folder": str(tmp_path / "out")})
    (found,) = deliver(lake_in(tmp_path / "lake"), settings, report(), ["archive"])
    (folder,) = (tmp_path / "out" / "chat" / "2026-11-19").iterdir()
    assert found.reference == str(folder)
    assert {path.name for path in folder.iterdir()} == {
        *("message.json", "message.txt", "message.html", "latency.png", "report.html"),
    }
    assert 'src="latency.png"' in (folder / "message.html").read_text()
    assert found.detail.startswith("5 files, ")


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "out").write_text("a file")
    settings = with_channels(archive={"kind": "file", "folder": str(tmp_path / "out")})
    (found,) = deliver(lake_in(tmp_path / "lake"), settings, alert(), ["archive"])
    assert (found.status, found.attempts) == ("failed", 1)
    assert "cannot be written" in found.detail


def test_a_delivery_that_cannot_be_recorded_keeps_no_other_from_being_recorded(tmp_path, monkeypatch):
    settings = with_channels(**{name: {"kind": "file", "folder": str(tmp_path / name)} for name in ("a", "b", "c")})
    record = Ledger.record

    def full(ledger, *given):
        if ledger.channel == "a":
            raise StoreError("the disk is full.")
        record(ledger, *given)

    monkeypatch.setattr(Ledger, "record", full)
    lake = lake_in(tmp_path / "lake")
    with pytest.raises(StoreError, match="the disk is full"):
        deliver(lake, settings, alert(), ["a", "b", "c"])
    monkeypatch.undo()
    found = deliver(lake, settings, alert(), ["a", "b", "c"])
    assert [each.status for each in found] == ["sent", "already_sent", "already_sent"]
