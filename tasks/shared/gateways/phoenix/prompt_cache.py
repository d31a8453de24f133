"""The last good version of each prompt on disk, for when Phoenix is away."""

import datetime as dt
import hashlib
import os
from pathlib import Path
from uuid import uuid4

import orjson

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.phoenix.connection import Json
from tasks.shared.gateways.phoenix.prompt_versions import HubPrompt
from tasks.shared.gateways.phoenix.prompt_wire import version_of


def copy_path(folder: Path, url: str, name: str, asked: str) -> Path:
    """Where the copy of what *asked* (a tag or a version id) names lies: servers never share copies."""
    return folder / hashlib.sha256(url.encode()).hexdigest()[:16] / name / f"{asked}.json"


def keep(path: Path, name: str, body: Json, fetched_at: dt.datetime) -> None:
    """Write Phoenix's answer *body* to *path* in one step, so that a killed writer leaves the former copy."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid4().hex}")
    beside.write_bytes(orjson.dumps({"name": name, "fetched_at": fetched_at.isoformat(), "version": body}))
    os.replace(beside, path)  # noqa: PTH105 - Path.replace is the same call under a name that misleads


def kept(path: Path) -> HubPrompt | None:
    """The copy at *path*, marked stale; None where there is none.

    Raises:
        ConfigurationError: The file is no such copy.
    """
    try:
        found = orjson.loads(path.read_bytes())
        return version_of(found["name"], found["version"], dt.datetime.fromisoformat(found["fetched_at"]), stale=True)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"the copy of a prompt in {path} cannot be read ({error!r}). Delete it; the next fetch writes a new one."
        ) from error
