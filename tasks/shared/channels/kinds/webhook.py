"""Any web service of yours: the message as JSON, with a time and a signature that the service can check.

`X-Nightjar-Signature` is `v1=` and the HMAC-SHA256, in hex, of the timestamp, a dot and the body, made with `secret`.
`X-Nightjar-Timestamp` is in seconds since 1970: a service that refuses old ones cannot be sent a copy later.
"""

import hashlib
import hmac
import time

import orjson
from pydantic import Field, SecretStr

from tasks.shared.channels.channel import Channel, Options, Sent
from tasks.shared.channels.message import Message, document
from tasks.shared.channels.wording import in_bytes
from tasks.shared.gateways.http import host_of, post


class WebhookOptions(Options):
    """Which address, and what it is signed with."""

    url: SecretStr = Field(description="address that the JSON is posted to")
    secret: SecretStr = Field(min_length=16, description="what the signature is made with")
    headers: dict[str, SecretStr] = Field(default_factory=dict, description="further HTTP headers")


def preview(message: Message, options: WebhookOptions) -> str:
    """Host and size."""
    return f"signed JSON of {in_bytes(len(_body(message)))} to {host_of(options.url.get_secret_value())}"


def send(message: Message, options: WebhookOptions, _earlier: str) -> Sent:
    """POST the message."""
    body, now = _body(message), str(int(time.time()))
    headers = {
        **{name: value.get_secret_value() for name, value in options.headers.items()},
        "content-type": "application/json",
        "user-agent": "nightjar",
        "idempotency-key": hashlib.sha256(message.message_id.encode()).hexdigest(),
        "x-nightjar-timestamp": now,
        "x-nightjar-signature": f"v1={signature(options.secret.get_secret_value(), now, body)}",
    }
    post(
        "the webhook",
        options.url.get_secret_value(),
        content=body,
        headers=headers,
        timeout_seconds=options.timeout_seconds,
    )
    return Sent(preview(message, options))


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What a service makes of the header, the body and the secret, and compares."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _body(message: Message) -> bytes:
    return orjson.dumps(document(message))


CHANNEL = Channel(options=WebhookOptions, preview=preview, send=send)
