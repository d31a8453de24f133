"""Calls of Slack's web API: a message, and a picture that a message may show. Each is tried once."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from tasks.shared.errors import NightjarError, ServiceBusy, ServiceRefused, ServiceUnavailable
from tasks.shared.gateways.http import post

Json = dict[str, Any]
# Slack takes a picture in at its own pace after the upload.
LOOKS, PAUSE_SECONDS = 10, 0.5
FOR_NOW = {"fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org"}
TOO_FAST = {"ratelimited", "rate_limited", "message_limit_exceeded"}
HINTS = {
    "account_inactive": "The bot or its workspace is gone: make a new token.",
    "channel_not_found": "Invite the bot into the channel, or correct channel.",
    "invalid_auth": "Check token.",
    "is_archived": "The channel is archived: name another one.",
    "missing_scope": "Give the app the scope and install it again.",
    "not_authed": "Check token.",
    "not_in_channel": "Invite the bot into the channel.",
    "token_expired": "Make a new token.",
    "token_revoked": "Make a new token.",
}


@dataclass(frozen=True)
class Posted:
    """Where a message is: Slack's id of the channel, and the time that is the message's name there."""

    channel: str
    ts: str


@dataclass(frozen=True)
class Slack:
    """Slack as a bot sees it."""

    token: str
    url: str = "https://slack.com/api"
    timeout_seconds: float = 20.0

    def say(self, channel: str, text: str, blocks: Sequence[Json], thread_ts: str = "", **more: Any) -> Posted:
        """Post a message; *thread_ts* is the message that it answers. *text* is for notifications.

        Raises:
            ServiceUnavailable: Slack is away or busy.
            ServiceRefused: Slack said no.
        """
        body = {"channel": channel, "text": text, "blocks": list(blocks), "unfurl_links": False, **more}
        if thread_ts:
            body["thread_ts"] = thread_ts
        said = self._call("chat.postMessage", body)
        return Posted(str(said["channel"]), str(said["ts"]))

    def upload(self, name: str, png: bytes, description: str) -> str:
        """Hand Slack a picture that is in no channel yet; the id by which a message shows it, as soon as it can."""
        form = {"filename": name, "length": str(len(png)), "alt_txt": description}
        place = self._call("files.getUploadURLExternal", form=form)
        post("Slack's upload", str(place["upload_url"]), content=png, timeout_seconds=self.timeout_seconds)
        self._call("files.completeUploadExternal", {"files": [{"id": place["file_id"], "title": description}]})
        self._wait_until_shown(str(place["file_id"]))
        return str(place["file_id"])

    def _wait_until_shown(self, file_id: str) -> None:
        """Slack refuses a message with a picture of which it does not know the type yet."""
        for _ in range(LOOKS):
            found = self._call("files.info", form={"file": file_id})
            if found.get("file", {}).get("mimetype"):
                return
            time.sleep(PAUSE_SECONDS)
        raise ServiceRefused(f"Slack did not take a picture in within {LOOKS * PAUSE_SECONDS:g} s.")

    def _call(self, method: str, body: Json | None = None, *, form: Mapping[str, str] | None = None) -> Json:
        answer = post(
            f"Slack's {method}",
            f"{self.url.rstrip('/')}/{method}",
            content=None if body is None else orjson.dumps(body),
            form=form,
            headers={
                "authorization": f"Bearer {self.token}",
                **({} if body is None else {"content-type": "application/json; charset=utf-8"}),
            },
            timeout_seconds=self.timeout_seconds,
        )
        try:
            said: Json = orjson.loads(answer.content)
        except orjson.JSONDecodeError as error:
            raise ServiceUnavailable(f"Slack's {method} answered no JSON.") from error
        if not said.get("ok"):
            raise _refusal(method, said)
        return said


def post_to_webhook(url: str, text: str, blocks: Sequence[Json], timeout_seconds: float) -> None:
    """Post a message to an incoming webhook, which tells nothing of it."""
    body = orjson.dumps({"text": text, "blocks": list(blocks)})
    post("the Slack webhook", url, content=body, headers={"content-type": "application/json"},
         timeout_seconds=timeout_seconds)  # fmt: skip


def _refusal(method: str, said: Json) -> NightjarError:
    code = str(said.get("error", "no reason"))
    more = [*said.get("errors", ()), *([f"needed: {said['needed']}"] if said.get("needed") else [])]
    words = f"Slack's {method} answered {'; '.join([code, *map(str, more)])}."
    if code in TOO_FAST:
        return ServiceBusy(words)
    if code in FOR_NOW:
        return ServiceUnavailable(words)
    return ServiceRefused(f"{words} {HINTS.get(code, 'Check channel, token and its scopes.')}")
