"""What people do with the prompt hub: push files, look, move tags, roll back."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.prompts.prompt_file import prompt_paths, read_prompt
from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.phoenix import HubPrompt, Phoenix, PromptHub, PromptText
from tasks.shared.gateways.phoenix.prompt_moves import Move, Moved, move, moves, roll_back
from tasks.shared.gateways.phoenix.prompts import PRODUCTION, TAGS, Pushed
from tasks.shared.settings import JudgeSettings, Settings


@dataclass(frozen=True)
class Shown:
    """A prompt in the hub: its versions, newest first and with their tags, and how its tags moved, oldest first."""

    name: str
    versions: tuple[HubPrompt, ...]
    moves: tuple[Move, ...]


async def push(settings: Settings, files: Sequence[Path], tag: str | None) -> list[tuple[Pushed, Moved | None]]:
    """Make the hub have the prompts of *files* (or of the settings' folder), and move *tag* to them, where given.

    Raises:
        ConfigurationError: There are no files, one of them is wrong, or two are the same prompt; nothing was pushed.
    """
    prompts = _read(settings, files)
    done = []
    async with Phoenix(settings.phoenix) as phoenix:
        for prompt in prompts:
            pushed = await phoenix.prompts.push(prompt, provider_kind(prompt.model, settings.judges))
            version_id = pushed.prompt.version_id
            done.append((pushed, await move(phoenix.prompts, prompt.name, tag, version_id, "pushed") if tag else None))
    return done


async def overview(settings: Settings) -> dict[str, dict[str, HubPrompt | None]]:
    """By prompt: its version with each of the three tags."""
    async with Phoenix(settings.phoenix) as phoenix:
        hub = phoenix.prompts
        return {name: {tag: await hub.tagged(name, tag) for tag in TAGS} for name in await hub.names()}


async def show(settings: Settings, name: str) -> Shown:
    """All there is to know of prompt *name*. Raises ConfigurationError where there is no such prompt."""
    async with Phoenix(settings.phoenix) as phoenix:
        noted = await moves(phoenix.prompts, name)
        versions = [await phoenix.prompts.with_tags(version) for version in await phoenix.prompts.versions(name)]
    return Shown(name, tuple(versions), tuple(noted))


async def version(settings: Settings, name: str, asked: str) -> HubPrompt:
    """The version of prompt *name* that *asked* names: a tag, `latest` or an id."""
    async with Phoenix(settings.phoenix) as phoenix:
        return await phoenix.prompts.version(name, asked)


async def tag_version(settings: Settings, name: str, asked: str, tag: str, why: str) -> Moved:
    """Put *tag* on the version of prompt *name* that *asked* names."""
    async with Phoenix(settings.phoenix) as phoenix:
        return await tag_in(phoenix.prompts, name, asked, tag, why)


async def tag_in(hub: PromptHub, name: str, asked: str, tag: str, why: str) -> Moved:
    """The same in a hub that is open."""
    found = await hub.version(name, asked)
    return await move(hub, name, tag, found.version_id, why)


async def rollback(settings: Settings, name: str, tag: str = PRODUCTION) -> Moved:
    """Put *tag* of prompt *name* back on the version that it was on before its last move."""
    async with Phoenix(settings.phoenix) as phoenix:
        return await roll_back(phoenix.prompts, name, tag)


def provider_kind(model: str, judges: JudgeSettings) -> str:
    """Kind of the provider of *model* (openai, azure ...) as the settings name it; its own name where they do not."""
    provider = model.partition("/")[0]
    found = judges.providers.get(provider)
    return found.kind if found else provider


def _read(settings: Settings, files: Sequence[Path]) -> list[PromptText]:
    """The prompts in *files*. Only when they are named may two files be versions of one prompt: their order counts."""
    if not files and not settings.prompts.folder:
        raise ConfigurationError("there is nothing to push. Name files or folders, or set prompts.folder.")
    paths = prompt_paths(files or [Path(settings.prompts.folder).expanduser()])
    if not paths:
        raise ConfigurationError(
            f"there are no prompt files (.yaml) in {', '.join(map(str, files)) or 'prompts.folder'}."
        )
    prompts = [read_prompt(path) for path in paths]
    names: dict[str, Path] = {}
    for prompt, path in zip(prompts, paths, strict=True):
        if prompt.name in names and path not in files:
            raise ConfigurationError(
                f"{names[prompt.name]} and {path} are both prompt {prompt.name!r}. Name the files in the order in "
                "which they shall be versions, or keep one in the folder."
            )
        names[prompt.name] = path
    return prompts
