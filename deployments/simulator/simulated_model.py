"""What answers at the simulated provider, whatever a model is called: a judge, and writers of several sorts."""

from collections import Counter
from dataclasses import dataclass, field, replace

from deployments.simulator.calls import digest_of
from deployments.simulator.interfaces.exchange import Asked
from deployments.simulator.judging.judge import SimulatedJudge
from deployments.simulator.writing.analyst import analysis_for
from deployments.simulator.writing.coach import advice_for
from deployments.simulator.writing.engineer import proposals_for
from deployments.simulator.writing.name_reader import names_in
from deployments.simulator.writing.skill import Skill
from deployments.simulator.writing.sql_writer import sql_for


@dataclass
class SimulatedModel:
    """The one judge and the one writer behind every model's name; both may be exchanged while it serves."""

    judge: SimulatedJudge = field(default_factory=SimulatedJudge)
    skill: Skill = field(default_factory=Skill)
    times_asked: Counter[str] = field(default_factory=Counter)

    def written(self, asked: Asked) -> str | None:
        """SQL, better prompts, tips, names or an analysis where *asked* wants them; None where it wants a verdict."""
        writers = (advice_for, names_in, lambda it: sql_for(it, self.skill), proposals_for, analysis_for)
        return next((text for write in writers if (text := write(asked))), None)

    def with_seed(self, asked: Asked) -> Asked:
        """*asked* with a seed where its answers should vary: how often the same was asked before."""
        if not asked.temperature or asked.seed is not None:
            return asked
        digest = digest_of(asked.model, asked.prompt)
        self.times_asked[digest] += 1
        return replace(asked, seed=self.times_asked[digest] - 1)
