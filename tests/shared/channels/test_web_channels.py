"""Webhook, PagerDuty, Teams and Apprise over HTTP: what arrives, and what becomes of services that fail."""

import hashlib
import hmac
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from tasks.shared.channels import Message, channel_problems, deliver
from tasks.shared.channels.kinds.pagerduty import dedup_key
from tasks.shared.channels.kinds.teams import card
from tests.serving import Said, Service, serving
from tests.shared.channels.messages import alert, lake_in, report, with_channels

pytestmark = pytest.mark.usefixtures("unchecked")

SECRET = "a secret of sixteen letters"
TOKEN = "T0K3N-in-the-path"


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture
def tell(tmp_path):
    """Deliver a message through one channel of the given settings."""

    def told(message: Message, dry_run: bool = False, **given):
        settings = with_channels(there={"timeout_seconds": 1, **given})
        (found,) = deliver(lake_in(tmp_path / "lake"), settings, message, ["there"], dry_run=dry_run)
        return found

    return told


def webhook(service: Service, **changes) -> dict:
    return {"kind": "webhook", "url": f"{service.url}/{TOKEN}", "secret": SECRET, **changes}


def test_a_webhook_gets_signed_json_that_anybody_with_the_secret_can_check(service, tell):
    found = tell(alert(), **webhook(service, headers={"x-team": "night"}))
    (heard,) = service.heard
    stamp = heard.headers["x-nightjar-timestamp"]
    expected = hmac.new(SECRET.encode(), f"{stamp}.".encode() + heard.body, hashlib.sha256).hexdigest()
    assert heard.headers["x-nightjar-signature"] == f"v1={expected}"
    assert abs(time.time() - int(stamp)) < 60
    assert heard.headers["x-team"] == "night"
    assert heard.json == {
        "version": 1,
        "message_id": "alert:a1:raised:1",
        "topic": "alert:a1",
        "event": "raised",
        "severity": "critical",
        "title": "Errors: 12 % of 400 traces",
        "text": "The error rate is 12 % (9.1 to 15.5 %), above 5 %.",
        "project": "chat",
        "at": "2026-11-19T05:00:00+00:00",
        "facts": [{"name": "Error rate", "value": "12 %"}, {"name": "n", "value": "400"}],
        "links": [{"text": "worst trace", "url": "http://phoenix.test/t/1"}],
        "data": {"rule": "error_rate", "value": 0.12},
    }
    assert found.status == "sent"
    assert TOKEN not in found.detail


def test_no_address_gets_into_a_log_that_tells_of_every_request(service, tell, caplog):
    caplog.set_level("DEBUG")
    tell(alert(), **webhook(service))
    httpx.post(service.url, content=b"")
    assert "HTTP Request: POST" in caplog.text
    assert TOKEN not in caplog.text


def test_the_same_message_has_the_same_idempotency_key_whenever_it_is_sent(service, tell):
    service.answer = lambda _heard, n: Said(500 if n == 1 else 200)
    tell(alert(), **webhook(service))
    tell(alert("resolved"), **webhook(service))
    first, again, other = (heard.headers["idempotency-key"] for heard in service.heard)
    assert first == again != other


@pytest.mark.parametrize(
    ("trouble", "tries"),
    [
        (Said(500, b"oh no"), 2),
        (Said(503, b"later", {"retry-after": "0"}), 2),
        (Said(429, b"too fast", {"retry-after": "0"}), 2),
        (Said(0), 2),
        (Said(400, b"no such thing"), 1),
        (Said(404), 1),
        (Said(302, b"", {"location": "http://elsewhere.test/"}), 1),
    ],
)
def test_only_what_may_pass_is_tried_again_and_no_address_is_told(service, tell, trouble, tries):
    service.answer = lambda _heard, _n: trouble
    found = tell(alert(), **webhook(service, attempts=2))
    assert (found.status, found.attempts, len(service.heard)) == ("failed", tries, tries)
    assert "127.0.0.1" in found.detail
    assert TOKEN not in found.detail


def test_a_service_that_says_when_to_come_back_is_given_that_time(service, tell):
    service.answer = lambda _heard, n: Said(429, headers={"retry-after": "1"}) if n == 1 else Said()
    began = time.monotonic()
    assert tell(alert(), **webhook(service)).attempts == 2
    assert time.monotonic() - began >= 1


def test_a_slow_service_is_given_up_and_a_closed_port_cannot_be_reached(service, tell):
    service.answer = lambda _heard, _n: Said(after_seconds=1)
    slow = tell(alert(), **webhook(service, timeout_seconds=0.05, attempts=2))
    assert slow.detail == "the webhook (127.0.0.1) did not answer within 0.05 s. Tried 2 times."
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    closed = tell(alert(), **webhook(service, url=f"http://127.0.0.1:{port}/{TOKEN}", attempts=2))
    assert "the webhook (127.0.0.1) cannot be reached: ConnectError" in closed.detail
    assert TOKEN not in closed.detail


@pytest.mark.parametrize("url", [f"not a url {TOKEN}", f"gopher://host/{TOKEN}", f"http://[::1/{TOKEN}"])
def test_an_address_that_is_none_is_not_shown_either(service, tell, url):
    found = tell(alert(), **webhook(service, url=url))
    assert found.detail == "the address of the webhook is no URL. Write https://host/path."


def test_a_dry_run_asks_nobody(service, tell):
    found = tell(report(), dry_run=True, **webhook(service))
    assert (found.status, service.heard) == ("dry_run", [])
    assert found.detail.startswith("signed JSON of ")
    assert found.detail.endswith(" bytes to 127.0.0.1")


def test_pagerduty_follows_the_life_of_an_alert_under_one_key(service, tell):
    service.answer = lambda _heard, _n: Said(202, {"status": "success"})
    for event in ("raised", "renewed", "acknowledged", "resolved"):
        found = tell(alert(event), kind="pagerduty", routing_key="R" * 32, url=service.url)
        assert (found.status, found.reference) == ("sent", "alert:a1")
    events = [heard.json for heard in service.at("/v2/enqueue")]
    assert [event["event_action"] for event in events] == ["trigger", "trigger", "acknowledge", "resolve"]
    assert {event["dedup_key"] for event in events} == {"alert:a1"}
    assert {event["routing_key"] for event in events} == {"R" * 32}
    payload = events[0]["payload"]
    assert (payload["severity"], payload["source"], payload["summary"]) == (
        "critical",
        "nightjar:chat",
        "Errors: 12 % of 400 traces",
    )
    assert payload["custom_details"]["Error rate"] == "12 %"
    assert events[0]["links"] == [{"href": "http://phoenix.test/t/1", "text": "worst trace"}]


def test_each_alert_of_a_digest_keeps_its_own_incident_and_what_is_over_pages_nobody(service, tell):
    other = alert("raised", topic="alert:a2", message_id="alert:a2:raised")
    parts = (alert("raised"), other, alert("resolved"))
    digest = alert("digest", topic="alerts:b", message_id="alerts:b", parts=parts)
    found = tell(digest, kind="pagerduty", routing_key="R" * 32, url=service.url)
    events = [(heard.json["event_action"], heard.json["dedup_key"]) for heard in service.heard]
    assert events == [("resolve", "alert:a1"), ("trigger", "alert:a2")]
    assert found.detail == "2 events to 127.0.0.1: 'Errors: 12 % of 400 traces'"


def test_a_report_pages_nobody(service, tell):
    assert tell(report(), kind="pagerduty", routing_key="R" * 32, url=service.url).status == "sent"
    (heard,) = service.heard
    assert heard.path == "/v2/change/enqueue"
    assert "event_action" not in heard.json


def test_a_key_that_is_too_long_for_pagerduty_becomes_its_digest():
    assert dedup_key("t" * 255) == "t" * 255
    assert len(dedup_key("t" * 256)) == 64


def test_a_wrong_pagerduty_key_is_refused_once_and_not_shown(service, tell):
    key = "S3CRETKEY" * 3
    service.answer = lambda heard, _n: Said(400, {"status": "invalid event", "errors": [heard.json["routing_key"]]})
    found = tell(alert(), kind="pagerduty", routing_key=key, url=service.url)
    assert (found.status, found.attempts) == ("failed", 1)
    assert key not in found.detail


def test_teams_gets_one_adaptive_card_with_facts_and_links(service, tell):
    service.answer = lambda _heard, _n: Said(202)
    found = tell(alert(), kind="teams", url=f"{service.url}/workflows/{TOKEN}")
    (attachment,) = service.heard[0].json["attachments"]
    content = attachment["content"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert (content["type"], content["version"]) == ("AdaptiveCard", "1.4")
    title, text, facts = content["body"]
    assert title["text"].endswith("Errors: 12 % of 400 traces")
    assert title["color"] == "Attention"
    assert text["text"] == "The error rate is 12 % (9.1 to 15.5 %), above 5 %."
    assert facts["facts"] == [{"title": "Error rate", "value": "12 %"}, {"title": "n", "value": "400"}]
    assert content["actions"] == [{"type": "Action.OpenUrl", "title": "worst trace", "url": "http://phoenix.test/t/1"}]
    assert TOKEN not in found.detail


def test_no_text_of_the_traffic_becomes_a_link_in_a_card():
    bad = "[log in](https://bad.test) *now* <https://bad.test> \\[x](y)"
    content = card(report(title=bad, text=f"Spans: 1\n{bad}", facts=((bad, bad),)))["attachments"][0]["content"]
    title, text, facts = content["body"]
    (fact,) = facts["facts"]
    said = r"\[log in\](https://bad.test) \*now\* \<https://bad.test\> \\\[x\](y)"
    assert [title["text"], fact["title"], fact["value"]] == [said] * 3
    assert text["text"] == f"Spans: 1\n\n{said}"


def test_a_card_stays_below_what_teams_takes_however_long_the_message():
    import orjson

    long = report(text="word \n" * 50_000, facts=tuple((f"name {n}" * 50, "value" * 100) for n in range(100)))
    assert len(orjson.dumps(card(long))) < 28_000


def test_apprise_opens_its_own_services(service, tell):
    address = service.url.replace("http://", "json://")
    found = tell(report(), kind="apprise", url=f"{address}/{TOKEN}")
    (heard,) = service.heard
    assert (found.status, heard.path) == ("sent", f"/{TOKEN}")
    assert heard.json["title"] == "chat, Thursday 19 November 2026"
    assert "Errors: 0.4 %" in heard.json["message"]
    assert [each["filename"] for each in heard.json["attachments"]] == ["latency.png"]
    assert TOKEN not in found.detail


def test_what_apprise_cannot_send_is_tried_again_and_told_without_the_address(service, tell, caplog):
    service.answer = lambda _heard, _n: Said(500)
    found = tell(alert(), kind="apprise", url=service.url.replace("http://", "json://") + f"/{TOKEN}", attempts=2)
    assert (found.status, found.attempts, len(service.heard)) == ("failed", 2, 2)
    assert TOKEN not in found.detail + caplog.text


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"kind": "apprise", "url": f"nosuch://{TOKEN}"}, "channels.a.url: Apprise knows no service by it"),
        ({"kind": "webhook", "url": "http://x", "secret": "short"}, "channels.a.secret: Value should have at least 16"),
        ({"kind": "teams"}, "channels.a.url is missing. Give it in nightjar.toml, or as NIGHTJAR_CHANNELS__A__URL."),
    ],
)
def test_wrong_keys_are_named_without_their_value(given, problem):
    (found,) = channel_problems(with_channels(a=given), ["a"])
    assert problem in found
    assert TOKEN not in found
