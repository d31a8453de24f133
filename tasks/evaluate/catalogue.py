"""Which evaluators there are, which of them run, and with which settings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.evaluate import evaluators
from tasks.evaluate.judge import Judge
from tasks.evaluate.library import known_judges
from tasks.evaluate.units import spelled_out
from tasks.evaluate.versions import in_use
from tasks.shared.errors import ConfigurationError
from tasks.shared.plugins import collect
from tasks.shared.records import Evaluator
from tasks.shared.settings import EvaluatorSettings, JudgeSettings, Settings
from tasks.shared.store.lake import Lake


@dataclass(frozen=True)
class Ready:
    """An evaluator as it runs: with its name, and the settings it asks for by name."""

    name: str
    evaluator: Evaluator
    parameters: Mapping[str, Any]

    @property
    def title(self) -> str:
        """`name@version`: the evaluator's file in the lake and, with a prefix, its identifier in Phoenix."""
        return f"{self.name}@{self.evaluator.version}"


def known_evaluators() -> dict[str, Evaluator]:
    """Every evaluator by name. Raises ConfigurationError for a file that cannot be used."""
    found = collect(evaluators, Evaluator)
    for name, evaluator in found.items():
        check(name, evaluator)
    return found


def chosen(names: Sequence[str], settings: Settings) -> list[str]:
    """*names* without repetitions; when empty, the evaluators and judges that the settings enable.

    Raises:
        ConfigurationError: A name that nobody declares, or an evaluator and a judge of one name.
    """
    evaluators, judges = known_evaluators(), known_judges(settings.judges)
    if twice := evaluators.keys() & judges.keys():
        raise ConfigurationError(f"{', '.join(sorted(twice))} is both an evaluator and a judge. Rename the judge.")
    wanted = list(names) or [*(settings.evaluators.enabled or evaluators), *_enabled(settings.judges, judges)]
    unknown = [name for name in wanted if name not in evaluators and name not in judges]
    if unknown:
        raise ConfigurationError(
            f"evaluator {', '.join(map(repr, unknown))} does not exist. "
            f"Choose from {', '.join([*evaluators, *judges])}."
        )
    return list(dict.fromkeys(wanted))


def is_judge(name: str, settings: Settings) -> bool:
    """Whether *name* is a judge's."""
    return name in known_judges(settings.judges)


def ready(name: str, settings: Settings) -> Ready:
    """The evaluator or judge called *name* with its settings. Raises ConfigurationError when there is none."""
    chosen([name], settings)
    if is_judge(name, settings):
        return ready_judge(in_use(known_judges(settings.judges)[name], Lake.open(settings.lake), settings.judges))
    evaluator = known_evaluators()[name]
    parameters = {parameter: getattr(settings.evaluators, parameter) for parameter in evaluator.parameters}
    return Ready(name, evaluator, parameters)


def ready_judge(judge: Judge) -> Ready:
    """The judge as the rest of the stage knows evaluators: it is asked elsewhere, so there is nothing to call."""
    evaluator = Evaluator(
        unit=judge.unit,
        needs=(),
        score=None,
        version=judge.version,
        select=spelled_out(judge.select, judge.unit),
        direction=judge.direction,
        kind="llm",
    )
    return Ready(judge.name, evaluator, {})


def _enabled(settings: JudgeSettings, judges: Mapping[str, Judge]) -> Sequence[str]:
    return list(judges) if "*" in settings.enabled else settings.enabled


def check(name: str, evaluator: Evaluator) -> None:
    """Raise ConfigurationError for an evaluator that would break file names or contradicts itself."""
    if not re.fullmatch(r"[\w.-]+", evaluator.version):
        raise ConfigurationError(
            f"version {evaluator.version!r} of evaluator {name!r} is part of file names. "
            "Use letters, digits, dots and dashes."
        )
    unknown = [p for p in evaluator.parameters if p not in EvaluatorSettings.model_fields and not _is_derived(p)]
    if unknown:
        raise ConfigurationError(
            f"evaluator {name!r} asks for the setting {', '.join(unknown)}, which [evaluators] does not have. "
            f"Choose from {', '.join(EvaluatorSettings.model_fields)}."
        )
    kind = getattr(evaluator.score, "kind", evaluator.kind)
    if kind != evaluator.kind:
        raise ConfigurationError(
            f"evaluator {name!r} is declared as {evaluator.kind!r}, its phoenix-evals evaluator is {kind!r}. "
            f"Declare what it is."
        )


def _is_derived(parameter: str) -> bool:
    """Whether the settings work it out from others, as the schema from its file's name."""
    return isinstance(getattr(EvaluatorSettings, parameter, None), property)
