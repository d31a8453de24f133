"""A folder: each message in a folder of its own, as JSON, text and HTML with pictures, beside the files it brings."""

from pathlib import Path

from pydantic import Field

from tasks.shared.channels.channel import Channel, Options, Sent
from tasks.shared.channels.message import Message, as_files, folder_of
from tasks.shared.errors import ServiceRefused


class FolderOptions(Options):
    """Where messages are kept."""

    folder: str = Field(min_length=1, description="folder; made when missing")


def preview(message: Message, options: FolderOptions) -> str:
    """Where, and how much."""
    files = as_files(message)
    return f"{len(files)} files, {sum(len(file.content) for file in files):,} bytes, to {_folder(message, options)}"


def send(message: Message, options: FolderOptions, _earlier: str) -> Sent:
    """Write every file whole, under a temporary name first; the JSON last, as the sign that all are there."""
    folder = _folder(message, options)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in reversed(as_files(message)):
            temporary = folder / f".{file.name}.tmp"
            temporary.write_bytes(file.content)
            temporary.replace(folder / file.name)
    except OSError as error:
        raise ServiceRefused(f"{folder} cannot be written: {error}. Correct its permissions, or the folder.") from error
    return Sent(preview(message, options), str(folder))


def _folder(message: Message, options: FolderOptions) -> Path:
    return Path(options.folder).expanduser().resolve() / folder_of(message)


CHANNEL = Channel(options=FolderOptions, preview=preview, send=send)
