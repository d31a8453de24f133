"""A project as both kinds of route want it: by name, and as a path."""

from dataclasses import dataclass
from urllib.parse import quote

from tasks.shared.errors import ServiceRefused
from tasks.shared.gateways.phoenix.connection import Connection
from tasks.shared.gateways.phoenix.failures import Answered

NOT_FOUND = 404
SHOWN_NAMES = 10


@dataclass(frozen=True)
class Project:
    """A project that exists: its name, and its path under the REST API."""

    name: str
    path: str


async def find_project(connection: Connection, name: str) -> Project:
    """The project called *name*. Raises ServiceRefused, naming the projects there are, when there is none."""
    if "/" not in name:  # such a name cannot stand in a path, not even quoted
        path = f"/v1/projects/{quote(name, safe='')}"
        try:
            await connection.get(path)
        except Answered as error:
            if error.status != NOT_FOUND:
                raise
        else:
            return Project(name, path)
    ids: dict[str, str] = {}
    async for page in connection.pages("/v1/projects", {"limit": 100}):
        ids.update({project["name"]: project["id"] for project in page})
    if name in ids:
        return Project(name, f"/v1/projects/{quote(ids[name], safe='')}")
    shown = ", ".join(sorted(ids)[:SHOWN_NAMES]) + (" ..." if len(ids) > SHOWN_NAMES else "")
    raise ServiceRefused(
        f"Phoenix at {connection.url} has no project {name!r}. It has: {shown}. "
        "Set NIGHTJAR_PROJECT to one of them, or wait for the first span."
    )
