"""Phoenix's prompt hub: versions pushed and read, tags moved; and `get_prompt`, which outlives Phoenix being away."""

import datetime as dt
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from tasks.shared.errors import ConfigurationError, ServiceUnavailable
from tasks.shared.gateways.phoenix import prompt_cache
from tasks.shared.gateways.phoenix.connection import Connection, Json, json_object
from tasks.shared.gateways.phoenix.failures import Answered
from tasks.shared.gateways.phoenix.prompt_versions import HubPrompt, PromptText, version_with
from tasks.shared.gateways.phoenix.prompt_wire import owner_of, version_body, version_of

logger = logging.getLogger(__name__)
PRODUCTION, STAGING, CANDIDATE, LATEST = "production", "staging", "candidate", "latest"
TAGS = (PRODUCTION, STAGING, CANDIDATE)
NOT_FOUND, UNPROCESSABLE = 404, 422
# How the id of every version begins: "PromptVersion:" in base64. No tag has capital letters.
VERSION_ID = "UHJvbXB0VmVyc2lvbj"
# With a copy at hand nobody waits long for a Phoenix that is away.
PATIENCE_SECONDS = 5.0
TRIES_WITH_A_COPY = 2


@dataclass(frozen=True)
class Pushed:
    """A version in the hub, and whether it is new."""

    prompt: HubPrompt
    created: bool


class PromptHub:
    """The prompts of one Phoenix server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def url(self) -> str:
        """Where Phoenix is."""
        return self._connection.url

    async def push(self, prompt: PromptText, kind: str = "") -> Pushed:
        """Make the hub have *prompt*: a version that says the same stays the only one, whichever version it is.

        Args:
            prompt: What to push.
            kind: Kind of its model's provider (openai, azure, anthropic, bedrock, google); the provider's name else.
        """
        same = version_with(prompt.digest, await self.versions(prompt.name))
        if same is not None:
            return Pushed(same, created=False)
        now = dt.datetime.now(dt.UTC)
        version = version_body(prompt, kind or prompt.model.partition("/")[0], now)
        # For a prompt that is there already Phoenix adds the version, and leaves its description as it is.
        body = {"prompt": {"name": prompt.name, "description": prompt.description}, "version": version}
        answer = await self._connection.call("POST", "/v1/prompts", body=body, read=json_object)
        return Pushed(version_of(prompt.name, answer["data"], now), created=True)

    async def names(self) -> list[str]:
        """Names of all prompts, in order."""
        return sorted(str(row["name"]) for row in await self._prompts())

    async def versions(self, name: str) -> list[HubPrompt]:
        """All versions of prompt *name*, newest first, without their tags; none where there is no such prompt."""
        now, path = dt.datetime.now(dt.UTC), f"/v1/prompts/{quote(name, safe='')}/versions"
        pages = [page async for page in self._connection.pages(path, {"limit": 100})]
        return [version_of(name, row, now) for page in pages for row in page]

    async def with_tags(self, prompt: HubPrompt) -> HubPrompt:
        """*prompt* with the tags it has now."""
        pages = self._connection.pages(f"/v1/prompt_versions/{quote(prompt.version_id, safe='')}/tags", {"limit": 100})
        return replace(prompt, tags=tuple(sorted([row["name"] async for page in pages for row in page])))

    async def version(self, name: str, asked: str) -> HubPrompt:
        """The version of prompt *name* that *asked* names: a tag, `latest`, or a version's id.

        Raises:
            ConfigurationError: There is none.
        """
        return version_of(name, await self.body(name, asked), dt.datetime.now(dt.UTC))

    async def tagged(self, name: str, tag: str) -> HubPrompt | None:
        """The version of prompt *name* with *tag*; None where none has it."""
        try:
            answer = await self._connection.get(f"/v1/prompts/{quote(name, safe='')}/tags/{quote(tag, safe='')}")
        except Answered as error:
            if error.status != NOT_FOUND:
                raise
            return None
        return version_of(name, answer["data"], dt.datetime.now(dt.UTC))

    async def tag(self, version_id: str, tag: str) -> None:
        """Put *tag* on a version; it leaves the version of the same prompt that had it. Again changes nothing."""
        path = f"/v1/prompt_versions/{quote(version_id, safe='')}/tags"
        await self._connection.call("POST", path, body={"name": tag}, read=len)

    async def metadata(self, name: str) -> Json:
        """What is noted on prompt *name* as a whole. Raises ConfigurationError where there is no such prompt."""
        for row in await self._prompts():
            if row["name"] == name:
                return row.get("metadata") or {}
        raise ConfigurationError(f"Phoenix has no prompt {name!r}. Push it first: python -m flows prompts push.")

    async def note(self, name: str, metadata: Json) -> None:
        """Replace what is noted on prompt *name* as a whole."""
        path = f"/v1/prompts/{quote(name, safe='')}"
        await self._connection.call("PATCH", path, body={"metadata": metadata}, read=len)

    async def body(self, name: str, asked: str, *, in_a_hurry: bool = False) -> Json:
        """Phoenix's own record of what `version` gives."""
        wanted = quote(asked, safe="")
        path = f"/v1/prompts/{quote(name, safe='')}/tags/{wanted}"
        if asked == LATEST:
            path = f"/v1/prompts/{quote(name, safe='')}/latest"
        elif asked.startswith(VERSION_ID):
            path = f"/v1/prompt_versions/{wanted}"
        tries, patience = (TRIES_WITH_A_COPY, PATIENCE_SECONDS) if in_a_hurry else (None, None)
        try:
            answer = await self._connection.call(
                "GET", path, read=json_object, attempts=tries, timeout_seconds=patience
            )
        except Answered as error:
            if error.status not in (NOT_FOUND, UNPROCESSABLE):
                raise
            raise ConfigurationError(
                f"Phoenix at {self._connection.url} has no version {asked!r} of prompt {name!r}. "
                f"`python -m flows prompts show {name}` lists versions and tags; `prompts tag` sets one."
            ) from error
        found: Json = answer["data"]
        if owner_of(found) not in (None, name):
            raise ConfigurationError(f"version {asked} is one of prompt {owner_of(found)!r}, not of {name!r}.")
        return found

    async def _prompts(self) -> list[Json]:
        return [row async for page in self._connection.pages("/v1/prompts", {"limit": 100}) for row in page]


async def get_prompt(hub: PromptHub, name: str, asked: str, cache_folder: Path | str) -> HubPrompt:
    """The version of prompt *name* that *asked* names (a tag, `latest`, a version's id), from Phoenix or its last copy.

    Raises:
        ConfigurationError: Phoenix answers that there is none; a copy does not count against that.
        ServiceUnavailable: Phoenix is away and there is no copy.
    """
    path = prompt_cache.copy_path(Path(cache_folder), hub.url, name, asked)
    copy = prompt_cache.kept(path)
    try:
        body = await hub.body(name, asked, in_a_hurry=copy is not None)
    except ServiceUnavailable as error:
        if copy is None:
            raise ServiceUnavailable(
                f"prompt {name}@{asked} cannot be had: there is no copy of it in {cache_folder} either. {error}"
            ) from error
        age = str(copy.age(dt.datetime.now(dt.UTC))).partition(".")[0]
        logger.warning("Phoenix is away; prompt %s@%s is a copy, %s old: %s", name, asked, age, error)
        return copy
    now = dt.datetime.now(dt.UTC)
    prompt_cache.keep(path, name, body, now)
    return version_of(name, body, now)
