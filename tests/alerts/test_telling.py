"""What waits behind a message that a channel did not take, and what does not."""

import pytest

from tasks.alerts.telling import Told, tell
from tasks.shared.channels import Delivery
from tests.shared.channels.messages import alert


def message(number, *topics):
    parts = tuple(alert(message_id=f"part:{topic}", topic=topic) for topic in topics[1:])
    return alert(message_id=f"m{number}", topic=topics[0], parts=parts)


@pytest.fixture
def told(monkeypatch):
    """Tell messages to channels `chat` and `pager`; gives what came of it, and what was tried where."""

    def told_by(messages, refused=(), away=()) -> tuple[Told, list[tuple[str, str]]]:
        tried: list[tuple[str, str]] = []

        def deliver(_lake, _settings, each, channels, *, dry_run):
            tried.extend((each.message_id, name) for name in channels)
            for name in channels:
                gone, bad = (each.message_id, name) in away, (each.message_id, name) in (*refused, *away)
                yield Delivery(
                    name, "file", each.message_id, each.topic, "failed" if bad else "sent", "", unavailable=gone
                )

        monkeypatch.setattr("tasks.alerts.telling.deliver", deliver)
        return tell(None, None, [(each, ["chat", "pager"]) for each in messages]), tried

    return told_by


def test_behind_a_refused_message_its_topic_waits_and_others_do_not(told):
    of, tried = told([message(1, "a"), message(2, "a"), message(3, "b")], refused=[("m1", "pager")])
    assert tried == [("m1", "chat"), ("m1", "pager"), ("m2", "chat"), ("m3", "chat"), ("m3", "pager")]
    assert (of.counts, of.held_back) == ({"sent": 4, "failed": 1}, 1)


def test_a_digest_waits_behind_any_of_its_parts_and_they_behind_it(told):
    digest = message(2, "digest", "a", "b")
    of, tried = told([message(1, "a"), digest, message(3, "b"), message(4, "c")], refused=[("m1", "pager")])
    assert [name for name in tried if name[1] == "pager"] == [("m1", "pager"), ("m4", "pager")]
    assert of.held_back == 2
    _, tried = told([digest, message(3, "b")], refused=[("m2", "pager")])
    assert ("m3", "pager") not in tried


def test_a_channel_that_is_away_is_tried_once_and_delays_nobody(told):
    of, tried = told([message(1, "a"), message(2, "b"), message(3, "c")], away=[("m1", "pager")])
    assert tried == [("m1", "chat"), ("m1", "pager"), ("m2", "chat"), ("m3", "chat")]
    assert (of.counts, of.held_back) == ({"sent": 3, "failed": 1}, 2)
