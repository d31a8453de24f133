"""An archive in S3: each message under a key of its own, as JSON, text and HTML, beside the files it brings."""

from pydantic import Field

from tasks.shared.channels.channel import Channel, Options, Sent
from tasks.shared.channels.message import Message, as_files, folder_of
from tasks.shared.channels.wording import in_bytes
from tasks.shared.gateways.aws import Aws


class S3Options(Options):
    """Which bucket."""

    bucket: str = Field(min_length=3, description="the bucket")
    prefix: str = Field("nightjar", description="what the keys begin with")
    region: str | None = Field(None, description="AWS region; that of the environment when absent")
    endpoint_url: str | None = Field(None, description="endpoint, for MinIO, moto and the like")


def preview(message: Message, options: S3Options) -> str:
    """Where, and how much."""
    files = as_files(message)
    size = in_bytes(sum(len(file.content) for file in files))
    return f"{len(files)} objects, {size}, to {_address(message, options)}"


def send(message: Message, options: S3Options, _earlier: str) -> Sent:
    """Put every file; the same message has the same keys. The JSON comes last, as the sign that all are there."""
    aws, folder = Aws(options.region, options.endpoint_url, options.timeout_seconds), _folder(message, options)
    files = reversed(as_files(message))
    aws.store(options.bucket, ((f"{folder}/{file.name}", file.content, file.media_type) for file in files))
    return Sent(preview(message, options), _address(message, options))


def _folder(message: Message, options: S3Options) -> str:
    return f"{options.prefix.strip('/')}/{folder_of(message)}".lstrip("/")


def _address(message: Message, options: S3Options) -> str:
    return f"s3://{options.bucket}/{_folder(message, options)}"


CHANNEL = Channel(options=S3Options, preview=preview, send=send)
