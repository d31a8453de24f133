"""What is about to be compared with what: read from the settings and from Phoenix, before anything is asked or made."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tasks.experiments.code_version import CodeVersion, code_version
from tasks.experiments.examples import Asked, asked_examples
from tasks.experiments.few_shot import few_shot_of
from tasks.experiments.schedule import looks
from tasks.experiments.targets import read_target
from tasks.experiments.variants import Role, Variant, application_variant, digest, prompt_variant
from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.settings import GateSettings, Settings
from tasks.shared.store.lake import Lake


@dataclass(frozen=True)
class Wishes:
    """What somebody wants otherwise than the gate's settings say; None for no wish. `limit` is of examples."""

    candidate: str | None = None
    baseline: str | None = None
    dataset: str | None = None
    dataset_version: str | None = None
    splits: Sequence[str] | None = None
    limit: int | None = None
    repetitions: int | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class Experiment:
    """One variant over the examples. The ids in Phoenix are empty until it is opened there."""

    id: str
    role: Role
    variant: Variant
    phoenix_id: str = ""
    traced_in: str = ""


@dataclass(frozen=True)
class Trial:
    """A comparison as it will run. `gate` has the wishes in it.

    `answered` is how many of the first examples have all their answers already.
    """

    name: str
    project: str
    gate: GateSettings
    asked: Asked
    baseline: Experiment
    candidate: Experiment
    code: CodeVersion = field(default_factory=lambda: CodeVersion(None, ""))
    answered: int = 0

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """Both; or the one that they are, when candidate and baseline answer alike."""
        same = self.baseline.id == self.candidate.id
        return (self.baseline,) if same else (self.baseline, self.candidate)

    @property
    def stops(self) -> tuple[int, ...]:
        """After how many examples the answers are stored and scored, the last time after all.

        Without demands there is no verdict that could be settled earlier.
        """
        planned = len(self.asked.questions)
        return tuple(n for n in looks(planned, self.gate) if n >= self.answered) if self.gate.metrics else (planned,)

    @property
    def clusters(self) -> dict[str, str]:
        """The cluster of each planned example, by its id."""
        return {question.example_id: question.cluster for question in self.asked.questions}

    @property
    def answers(self) -> int:
        """How many answers each variant gives."""
        return len(self.asked.questions) * self.gate.repetitions

    def opened(self, experiments: Sequence[Experiment], answered: int) -> "Trial":
        """The trial with *experiments* in the place of those with the same ids."""
        by_id = {experiment.id: experiment for experiment in experiments}
        baseline, candidate = (replace(by_id[each.id], role=each.role) for each in (self.baseline, self.candidate))
        return replace(self, baseline=baseline, candidate=candidate, answered=answered)


async def planned_trial(settings: Settings, phoenix: Phoenix, project: str, name: str, wishes: Wishes) -> Trial:
    """The comparison called *name* (a gate of the settings, or any name when both targets are wished).

    Raises:
        ConfigurationError: The gate, a target, the dataset or a prompt is not there.
    """
    gate = gate_with(settings.gates, name, wishes)
    code = code_version()
    variants = [await _variant(settings, phoenix, gate, code, text) for text in (gate.baseline, gate.candidate)]
    asked = await asked_examples(
        phoenix,
        Lake.open(settings.lake),
        project,
        gate.dataset,
        version=wishes.dataset_version or "",
        splits=gate.splits,
        limit=wishes.limit,
    )
    for variant in variants:
        _check_prompt(variant, asked)
    ids = [experiment_id(asked, variant, gate.repetitions) for variant in variants]
    baseline, candidate = (
        Experiment(ids[0], "baseline", variants[0]),
        Experiment(ids[1], "candidate", variants[1]),
    )
    return Trial(name, project, gate, asked, baseline, candidate, code)


def gate_with(gates: dict[str, GateSettings], name: str, wishes: Wishes) -> GateSettings:
    """The gate called *name* with *wishes* in it. Raises ConfigurationError when it says too little."""
    if name not in gates and not (wishes.baseline and wishes.candidate):
        known = ", ".join(sorted(gates)) or "none"
        raise ConfigurationError(
            f"there is no gate {name!r}; nightjar.toml has {known}. Add [gates.{name}], or give both targets "
            "(--baseline, --candidate)."
        )
    named = {"candidate": wishes.candidate, "baseline": wishes.baseline, "dataset": wishes.dataset}
    more = {
        "splits": wishes.splits and tuple(wishes.splits),
        "repetitions": wishes.repetitions,
        "confidence": wishes.confidence,
    }
    changes = {key: value for key, value in {**named, **more}.items() if value}
    found = gates.get(name, GateSettings()).model_copy(update=changes)
    for side in ("baseline", "candidate"):
        if not getattr(found, side):
            raise ConfigurationError(f"gate {name!r} has no {side}. Set gates.{name}.{side}, or give --{side}.")
    for what, count in (("repetitions", wishes.repetitions), ("limit", wishes.limit)):
        if count is not None and count < 1:
            raise ConfigurationError(f"{what} is {count}. Give at least 1.")
    if not 0.5 < found.confidence < 1:
        raise ConfigurationError(f"confidence is {found.confidence:g}. Give more than 0.5 and less than 1.")
    return found


def experiment_id(asked: Asked, variant: Variant, repetitions: int) -> str:
    """16 hex digits: the same questions to the same variant are the same experiment."""
    return digest([asked.dataset, asked.digest, variant.specification, repetitions])


async def _variant(settings: Settings, phoenix: Phoenix, gate: GateSettings, code: CodeVersion, text: str) -> Variant:
    target = read_target(text)
    if target.kind not in settings.experiments.kinds:
        raise ConfigurationError(
            f"target {text!r} is a {target.kind}, and experiments.kinds has "
            f"{', '.join(settings.experiments.kinds)} only. Ask whoever runs Nightjar to add it."
        )
    if target.kind in {"prompt", "few-shot"}:
        # Never a copy on disk: its tag may have moved since, and the verdict would be on another version.
        prompt = await phoenix.prompts.version(target.address, target.version)
        default = gate.model or settings.judges.model
        # Which examples are shown for each question is found out when the experiments are opened: that may cost.
        few_shot = await few_shot_of(settings, phoenix, target, prompt) if target.shown else None
        return prompt_variant(target, prompt, default, settings.experiments.max_output_tokens, few_shot)
    # Where nothing tells versions apart, what was answered yesterday says nothing of today.
    today = f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"
    return application_variant(target, today if target.kind == "http" else code.text or today)


def _check_prompt(variant: Variant, asked: Asked) -> None:
    """Raise ConfigurationError when the prompt lacks a value for every single example."""
    if variant.prompt is None:
        return
    for question in asked.questions:
        try:
            variant.prompt.render(question.values)
        except ConfigurationError as error:
            trouble = error
        else:
            return
    raise trouble
