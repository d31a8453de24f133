"""The states of an agent in order: as the settings declare them, or as they were learned from its traces."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from urllib.parse import quote

from tasks.shared.errors import ConfigurationError, Inconclusive
from tasks.shared.settings import FailureSettings, TaxonomySettings
from tasks.shared.store.lake import Lake

# What stands for no state: the label of a run that ended well, and the last success of one that failed at once.
NONE = "none"
MOST_STATES = 60
# A learned name goes into a judge's prompt, and was written by whoever wrote the traces.
LEARNABLE = re.compile(r"[\w][\w .:/()-]{0,79}")


@dataclass(frozen=True)
class Taxonomy:
    """Name, root spans and states of an agent. `learned_from` says of which traces; empty where declared."""

    name: str
    states: tuple[str, ...]
    roots: tuple[str, ...] = ()
    learned_from: str = ""
    places: Mapping[str, int] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what no failure could be told by."""
        if len(set(self.states)) < len(self.states) or NONE in self.states or not all(self.states):
            raise ConfigurationError(
                f"the states of taxonomy {self.name!r} ({', '.join(self.states)}) must be different, not empty, and "
                f"none of them {NONE!r}, which stands for a run without a failure. Correct [failures]."
            )
        if len(self.states) < 2:
            raise ConfigurationError(f"taxonomy {self.name!r} has {len(self.states)} states. Declare two or more.")
        object.__setattr__(self, "places", {state: place for place, state in enumerate(self.states)})

    def before(self, state: str) -> str:
        """The state before *state*; `none` before the first."""
        place = self.places[state]
        return self.states[place - 1] if place else NONE


def wanted(settings: FailureSettings, project: str, name: str) -> TaxonomySettings:
    """The taxonomy called *name*. Raises ConfigurationError where the settings have none for *project*."""
    known = settings.of_project(project)
    if name not in known:
        raise ConfigurationError(
            f"no taxonomy {name!r} is declared for project {project!r}. Choose from {', '.join(known)}, or add "
            f"[failures.taxonomies.{name}]."
        )
    return known[name]


def declared(name: str, settings: TaxonomySettings) -> Taxonomy | None:
    """The taxonomy as the settings declare it; None where it has to be learned."""
    return Taxonomy(name, settings.states, settings.roots) if settings.states else None


def learned_states(traces: Sequence[Sequence[str]], share: float) -> tuple[str, ...]:
    """Names that at least a *share* of *traces* have, by the median of their places within their traces (0 to 1).

    Each trace is the names of its spans below the root in order; a name counts where it comes first.
    """
    places: dict[str, list[float]] = {}
    for names in traces:
        different = list(dict.fromkeys(names))
        for place, name in enumerate(different):
            places.setdefault(name, []).append(place / max(1, len(different) - 1))
    often = {
        name: (median(found), -len(found), name)
        for name, found in places.items()
        if len(found) >= share * len(traces) and LEARNABLE.fullmatch(name) and name != NONE
    }
    return tuple(sorted(often, key=often.__getitem__))[:MOST_STATES]


def learned(name: str, settings: TaxonomySettings, traces: Iterable[Sequence[str]], share: float, of: str) -> Taxonomy:
    """The taxonomy that *traces* of the window *of* show.

    Raises:
        Inconclusive: They show fewer than two states.
    """
    known = list(traces)
    states = learned_states(known, share)
    if len(states) < 2:
        raise Inconclusive(
            f"taxonomy {name!r} declares no states, and {len(known)} traces of {of} show {len(states)}. Name the root "
            "spans and the states in [failures], or choose a window with more traffic."
        )
    return Taxonomy(name, states, settings.roots, f"{len(known)} traces of {of}")


def kept(lake: Lake, project: str, name: str, roots: tuple[str, ...]) -> Taxonomy | None:
    """The taxonomy as it was learned before of these *roots*: states that change every week could not be compared."""
    content = lake.get_file(_path(project, name))
    found: dict[str, Any] = json.loads(content) if content else {}
    if found.get("roots") != list(roots):
        return None
    return Taxonomy(name, tuple(found["states"]), roots, found["learned_from"])


def keep(lake: Lake, project: str, taxonomy: Taxonomy) -> None:
    """Remember what was learned."""
    found = {"states": taxonomy.states, "roots": taxonomy.roots, "learned_from": taxonomy.learned_from}
    lake.put_file(_path(project, taxonomy.name), json.dumps(found).encode())


def _path(project: str, name: str) -> str:
    return f"taxonomies/project={quote(project, safe='')}/{quote(name, safe='')}.json"
