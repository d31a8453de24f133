"""Slack over HTTP: threads, charts, webhooks, and Slack's own way to say no."""

from collections.abc import Iterator

import pytest

from tasks.shared.channels import channel_problems, deliver
from tasks.shared.channels.slack_blocks import blocks
from tests.serving import Heard, Said, Service, serving
from tests.shared.channels.messages import a_png, alert, lake_in, report, with_channels

pytestmark = pytest.mark.usefixtures("unchecked")

TOKEN = "xoxb-not-a-real-token"
POST = "/api/chat.postMessage"


class Workspace:
    """What Slack answers: `refusals` by method come first."""

    def __init__(self, url: str) -> None:
        self.url, self.refusals, self.said, self.looks = url, dict[str, list[dict]](), 0, 0

    def __call__(self, heard: Heard, _n: int) -> Said:
        """Slack's answer."""
        method = heard.path.rpartition("/")[2]
        if self.refusals.get(method):
            return Said(200, {"ok": False, **self.refusals[method].pop(0)})
        match method:
            case "chat.postMessage":
                self.said += 1
                return Said(200, {"ok": True, "channel": "C0123456789", "ts": f"17000000{self.said:02}.000100"})
            case "files.getUploadURLExternal":
                return Said(200, {"ok": True, "upload_url": f"{self.url}/upload/1", "file_id": "F0123456789"})
            case "files.info":
                self.looks += 1
                return Said(200, {"ok": True, "file": {"mimetype": "image/png" if self.looks > 1 else ""}})
        return Said(200, {"ok": True})


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Service, Workspace]]:
    monkeypatch.setattr("tasks.shared.gateways.slack.api.PAUSE_SECONDS", 0.01)
    with serving() as service:
        workspace = Workspace(service.url)
        service.answer = workspace
        yield service, workspace


@pytest.fixture
def tell(slack, tmp_path):
    def told(message, **given):
        options = {"kind": "slack", "token": TOKEN, "channel": "#night", "api_url": f"{slack[0].url}/api", **given}
        settings = with_channels(team={k: v for k, v in options.items() if v is not None})
        return deliver(lake_in(tmp_path / "lake"), settings, message, ["team"])[0]

    return told


def test_an_alert_is_one_thread_from_raised_to_resolved(slack, tell):
    references = [tell(alert(event)).reference for event in ("raised", "renewed", "resolved")]
    posts = [heard.json for heard in slack[0].at(POST)]
    assert [post.get("thread_ts") for post in posts] == [None, "1700000001.000100", "1700000001.000100"]
    assert references[0] == "C0123456789/1700000001.000100"
    assert slack[0].heard[0].headers["authorization"] == f"Bearer {TOKEN}"
    header, text, facts, links, about = posts[0]["blocks"]
    assert header["text"]["text"].endswith("Errors: 12 % of 400 traces")
    assert text["text"]["text"] == "The error rate is 12 % (9.1 to 15.5 %), above 5 %."
    assert [field["text"] for field in facts["fields"]] == ["*Error rate*\n12 %", "*n*\n400"]
    assert links["text"]["text"] == "<http://phoenix.test/t/1|worst trace>"
    assert about["elements"][0]["text"] == "chat · raised · 2026-11-19 05:00 UTC"


def test_a_chart_is_uploaded_and_shown_in_the_message_once_slack_has_it(slack, tell):
    found = tell(report())
    service, workspace = slack
    asked = service.at("/api/files.getUploadURLExternal")[0].form
    assert asked == {
        "filename": "latency.png",
        "length": str(len(a_png())),
        "alt_txt": "p95: highest 3.1 s at 07:00",
    }
    assert service.at("/upload/1")[0].body == a_png()
    assert service.at("/api/files.completeUploadExternal")[0].json["files"][0]["id"] == "F0123456789"
    assert workspace.looks == 2
    (image,) = [block for block in service.at(POST)[0].json["blocks"] if block["type"] == "image"]
    assert image == {
        "type": "image",
        "slack_file": {"id": "F0123456789"},
        "alt_text": "p95: highest 3.1 s at 07:00",
    }
    assert found.detail == "channel #night: 'chat, Thursday 19 November 2026', 1 pictures"


@pytest.mark.parametrize(
    ("method", "refusal"),
    [
        ("files.getUploadURLExternal", {"error": "missing_scope", "needed": "files:write"}),
        ("chat.postMessage", {"error": "invalid_blocks", "errors": ["invalid slack file"]}),
    ],
)
def test_a_message_arrives_without_its_chart_where_slack_refuses_the_chart(slack, tell, method, refusal):
    slack[1].refusals[method] = [refusal]
    found = tell(report())
    assert found.status == "sent"
    assert f"; no pictures: Slack's {method} answered {refusal['error']}" in found.detail
    last = slack[0].at(POST)[-1].json
    assert "image" not in {block["type"] for block in last["blocks"]}


@pytest.mark.parametrize(
    ("refusal", "attempts", "said"),
    [
        ({"error": "not_in_channel"}, 1, "Invite the bot into the channel."),
        ({"error": "invalid_auth"}, 1, "Check token."),
        ({"error": "missing_scope", "needed": "chat:write"}, 1, "needed: chat:write"),
        ({"error": "internal_error"}, 2, "Tried 2 times."),
        ({"error": "ratelimited"}, 2, "Tried 2 times."),
    ],
)
def test_slacks_reasons_are_told_and_only_passing_ones_tried_again(slack, tell, refusal, attempts, said):
    slack[1].refusals["chat.postMessage"] = [refusal] * 3
    found = tell(alert(), attempts=2)
    assert (found.status, found.attempts) == ("failed", attempts)
    assert said in found.detail
    assert TOKEN not in found.detail


def test_a_webhook_gets_the_same_without_chart_and_thread(slack, tell):
    address = f"{slack[0].url}/services/T0/B0/s3cret"
    found = tell(report(), token=None, channel=None, webhook_url=address)
    tell(alert("resolved"), token=None, channel=None, webhook_url=address)
    first, second = (heard.json for heard in slack[0].at("/services/T0/B0/s3cret"))
    assert {block["type"] for block in first["blocks"]} == {"header", "section", "context"}
    assert "thread_ts" not in second
    assert (found.status, found.reference) == ("sent", "")
    assert "s3cret" not in found.detail


def test_blocks_stay_within_slacks_limits_and_quote_what_it_would_act_on():
    long = alert(
        title="t" * 400,
        text="<!channel> & " + "word " * 5000,
        facts=tuple((f"n{n}" * 300, "v" * 900) for n in range(40)),
    )
    made = blocks(long, {})
    assert len(made) <= 50
    assert len(made[0]["text"]["text"]) <= 150
    assert len(made[1]["text"]["text"]) <= 3000
    assert made[1]["text"]["text"].startswith("&lt;!channel&gt; &amp; ")
    fields = [field["text"] for block in made for field in block.get("fields", ())]
    assert max(map(len, fields)) <= 2000
    assert len(fields) == 20


@pytest.mark.parametrize("given", [{}, {"token": TOKEN}, {"token": TOKEN, "channel": "c", "webhook_url": "http://x"}])
def test_slack_wants_a_token_and_channel_or_a_webhook(given):
    (found,) = channel_problems(with_channels(a={"kind": "slack", **given}), ["a"])
    assert "either token and channel, or webhook_url" in found or "token wants channel" in found
    assert TOKEN not in found
