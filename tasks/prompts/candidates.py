"""Candidates of a round as rows of `prompt_candidates`: what was proposed, and what became of it."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import orjson
import pyarrow as pa

from tasks.shared.checks import gate
from tasks.shared.checks.gate import Artifact
from tasks.shared.gateways.phoenix import PromptText
from tasks.shared.records import Window
from tasks.shared.settings import CheckSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.stage import Stage
from tasks.shared.store.tables import PROMPT_CANDIDATES

Purpose = Literal["optimisation", "compression"]
Outcome = Literal["proposed", "promoted", "candidate", "archived"]
ROWS = """
SELECT * FROM prompt_candidates WHERE prompt = $prompt AND purpose = $purpose ORDER BY start_time, round, candidate
"""


@dataclass(frozen=True)
class Candidate:
    """One row of `prompt_candidates`. `candidate` is its name in its round."""

    prompt: str
    round: str
    candidate: str
    start_time: dt.datetime
    purpose: Purpose
    base_version: str
    version: str | None
    outcome: Outcome
    reason: str
    document: Mapping[str, Any]

    def said(self, **more: Any) -> "Candidate":
        """The same with *more* in its document."""
        return replace(self, document={**self.document, **more})

    def became(self, outcome: Outcome, reason: str) -> "Candidate":
        """The same with what became of it."""
        return replace(self, outcome=outcome, reason=reason)

    @property
    def digest(self) -> str:
        """Digest of the prompt, by which it is known again."""
        return str(self.document["digest"])

    def text(self) -> PromptText:
        """The prompt as it was proposed."""
        said = self.document
        return PromptText(
            name=self.prompt,
            messages=tuple(said["messages"]),
            sections=said["sections"],
            model=said["model"],
            parameters=said["parameters"],
            description=said.get("description", ""),
        )


def document_of(prompt: PromptText) -> dict[str, Any]:
    """What a candidate's document says of its prompt, as JSON gives it back."""
    said = {name: value for name, value in asdict(prompt).items() if name in PromptText.__dataclass_fields__}
    return {**said, "messages": list(prompt.messages), "digest": prompt.digest}


def round_id(prompt: str, purpose: Purpose, base_version: str, *more: str) -> str:
    """16 hex digits over what a round begins with."""
    return hashlib.sha256("\0".join((prompt, purpose, base_version, *more)).encode()).hexdigest()[:16]


def known_candidates(lake: Lake, project: str, prompt: str, purpose: Purpose) -> list[Candidate]:
    """All candidates of *prompt* for that purpose, the oldest first."""
    rows = lake.sql(ROWS, project, None, {"prompt": prompt, "purpose": purpose}).to_pylist()
    return [Candidate(**{**row, "document": orjson.loads(row["document"])}) for row in rows]


def keep(lake: Lake, project: str, candidates: Sequence[Candidate], checks: CheckSettings, show: Artifact) -> Stage:
    """Put *candidates* of one round into the lake, checked; those that say the same already stay as they are."""
    first = candidates[0]
    window = Window.of_day(first.start_time.date())
    with lake.stage(PROMPT_CANDIDATES, project, window, file=f"{first.purpose}-{first.prompt}") as stage:
        stage.append(candidate_rows(candidates))
        gate(stage, lake, checks, show)
        stage.publish()
    return stage


def candidate_rows(candidates: Iterable[Candidate]) -> pa.Table:
    """Rows of `prompt_candidates`."""
    rows = [
        {**vars(each), "document": orjson.dumps(each.document, option=orjson.OPT_SORT_KEYS).decode()}
        for each in candidates
    ]
    return pa.Table.from_pylist(rows, schema=PROMPT_CANDIDATES.schema)
