"""Simulated receivers of messages: a Slack that keeps threads, a PagerDuty, a webhook and a mail server, all local.

What comes is kept, and shown to whoever asks; nothing leaves the machine.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller

HOST = "127.0.0.1"


@dataclass
class Receivers:
    """The receivers while they run: where they listen, and the titles that came, by channel, in order."""

    port: int = 0
    mail_port: int = 0
    came: dict[str, list[str]] = field(default_factory=lambda: {"chat": [], "pager": [], "hook": [], "mail": []})
    threads: dict[str, int] = field(default_factory=dict)

    def channels(self) -> dict[str, dict[str, Any]]:
        """The channels of nightjar.toml that lead here."""
        url = f"http://{HOST}:{self.port}"
        mail = {"sender": "nightjar@example.com", "recipients": ["on-call@example.com"], "security": "none"}
        return {
            "chat": {"kind": "slack", "token": "simulated-token", "channel": "C-alerts", "api_url": f"{url}/slack"},
            "pager": {"kind": "pagerduty", "routing_key": "simulated-routing-key", "url": url},
            "hook": {"kind": "webhook", "url": f"{url}/hook", "secret": "simulated-signing-secret"},
            "mail": {"kind": "smtp", "host": HOST, "port": self.mail_port, **mail},
        }

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        """Keep a mail."""
        self.came["mail"].append(str(message_from_bytes(envelope.content, policy=policy.default)["subject"]))
        return "250 taken"

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What the service at *path* says to *body*, which is kept."""
        if path.startswith("/slack"):
            self.came["chat"].append(str(body.get("text", "")))
            ts = f"{len(self.came['chat'])}.000100"
            thread = str(body.get("thread_ts") or ts)
            self.threads[thread] = self.threads.get(thread, 0) + 1
            return {"ok": True, "channel": "C-alerts", "ts": ts}
        if path.startswith("/v2/"):
            self.came["pager"].append(f"{body.get('event_action')} {body.get('dedup_key')}")
            return {"status": "success", "message": "simulated", "dedup_key": body.get("dedup_key")}
        self.came["hook"].append(str(body.get("title", "")))
        return {}


@contextmanager
def receiving() -> Iterator[Receivers]:
    """Run the receivers on free ports for as long as the block lasts."""
    receivers = Receivers()
    server = ThreadingHTTPServer((HOST, 0), _handler(receivers))
    mails = Controller(receivers, hostname=HOST, port=_free_port())
    mails.start()
    Thread(target=server.serve_forever, daemon=True).start()
    receivers.port, receivers.mail_port = server.server_port, mails.port
    try:
        yield receivers
    finally:
        server.shutdown()
        server.server_close()
        mails.stop()


def _free_port() -> int:
    """A port that nobody listens on: the mail server takes no 0 for any."""
    with socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _handler(receivers: Receivers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer as the service would."""
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            said = json.dumps(receivers.answer(self.path, json.loads(body or b"{}"))).encode()
            self.send_response(202 if self.path.startswith("/v2/") else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
