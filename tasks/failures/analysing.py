"""A model is asked why runs fail, state by state: in parts where there is much to tell, within the budget."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from tasks.failures.claims import CITED, INSIGHTS, PARTS, Analysis, Claims, answer_form, claims_in
from tasks.failures.clusters import Cluster, clusters
from tasks.failures.figures import failing
from tasks.failures.questions import CITED_IDS, again, insights_question, merge_question, packed, state_question, told
from tasks.failures.scope import Scope
from tasks.shared.gateways.llm import Writer
from tasks.shared.settings import FailureSettings

PURPOSE = "failure-analysis"
MERGED_AT_LEAST = 2
TRIES = 3
Rows = Sequence[Mapping[str, Any]]


@dataclass
class _Asked:
    """What the questions about one state came to."""

    questions: int = 0
    reused: int = 0
    cost_usd: float = 0.0
    status: str = "answered"
    trouble: str = ""


@dataclass(frozen=True)
class Analyst:
    """Asks *model* about the failures of *scope*; the cost is counted once, in the run that paid it."""

    writer: Writer
    model: str
    settings: FailureSettings
    scope: Scope
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: PARTS)

    async def states(self, rows: Rows, masked: Mapping[str, Mapping[str, str]]) -> list[Analysis]:
        """An analysis of each state, those with most failures first.

        Args:
            rows: Rows of `failures`.
            masked: By trace, `explanation` and `request` as they may leave the lake; a run without is not told of.
        """
        counts = Counter(row["state"] for row in failing(rows))
        order = sorted(counts, key=lambda state: (-counts[state], self.scope.taxonomy.places[state]))
        found = []
        for number, state in enumerate(order):
            if number >= self.settings.analysed_states:
                found.append(Analysis(state, counts[state], 0, 0, "not_asked"))
                continue
            grouped = clusters(tellable(rows, state, masked), self.settings.similarity)
            found.append(await self.state(state, counts[state], grouped[: self.settings.analysed_failures]))
        return found

    async def state(self, state: str, failures: int, grouped: Sequence[Cluster]) -> Analysis:
        """What the model makes of the clusters of one state."""
        asked, states = _Asked(), self.scope.taxonomy.states
        parts = packed(told(grouped), self.settings.chunk_characters)
        known = {trace for each in grouped for trace in each.trace_ids[:CITED_IDS]}
        answers = [await self._claims(state_question(state, states, part), known, asked) for part in parts]
        while len(answers) > 1 and asked.status == "answered":
            groups = packed([_text(each) for each in answers], self.settings.chunk_characters, MERGED_AT_LEAST)
            answers = [await self._merged(state, [_claims_of(text) for text in group], asked) for group in groups]
        analysis = Analysis(state, failures, sum(each.count for each in grouped), len(grouped), asked.status)
        claims = answers[0] if answers and asked.status == "answered" else Claims()
        return _with_costs(replace(analysis, claims=claims), asked)

    async def insights(self, rows: Rows, analyses: Sequence[Analysis]) -> Analysis:
        """What matters most over all states; not asked where no state was analysed."""
        answered = [each for each in analyses if each.status == "answered"]
        every = Analysis("", len(failing(rows)), sum(each.told for each in answered), len(answered), "not_asked")
        if not answered:
            return every
        asked = _Asked()
        shown = [{"state": each.state, "failures": each.failures, **each.claims.as_json()} for each in answered]
        known = set[str]().union(*(each.claims.trace_ids for each in answered))
        question = insights_question(self.scope.taxonomy.states, len(rows), shown)
        claims = await replace(self, parts=INSIGHTS)._claims(question, known, asked)
        return _with_costs(replace(every, status=asked.status, claims=claims), asked)

    async def _merged(self, state: str, group: Sequence[Claims], asked: _Asked) -> Claims:
        if len(group) == 1:
            return group[0]
        known = set[str]().union(*(each.trace_ids for each in group))
        question = merge_question(state, self.scope.taxonomy.states, [each.as_json() for each in group])
        merged = await self._claims(question, known, asked)
        return replace(merged, dropped=merged.dropped + sum(each.dropped for each in group))

    async def _claims(self, question: list[dict[str, str]], known: set[str], asked: _Asked) -> Claims:
        """The claims in the answer to one question; none once a question had no answer that can be used."""
        wrong = ""
        for number in range(TRIES):
            if asked.status != "answered":
                return Claims()
            told = [*question, again(wrong)] if number else question
            written = await self.writer.write(
                self.model, told, schema=answer_form(self.parts), max_output_tokens=self.settings.longest_answer_tokens
            )
            asked.questions += 1
            asked.cost_usd += written.cost_usd
            asked.reused += written.reused
            asked.status, asked.trouble = written.status, written.trouble
            # An answer without a part that was asked for has no claims of it.
            claims = claims_in({**(written.answer or {}), "dropped": 0}, self.parts, known)
            wrong = claims.unusable()
            if not wrong:
                return claims
        asked.status, asked.trouble = "unparseable", f"{wrong}, in {TRIES} tries"
        return Claims()


def tellable(rows: Rows, state: str, masked: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
    """The runs that failed at *state* with their texts as they may leave the lake, in the order of time."""
    of_state = [row for row in failing(rows) if row["state"] == state and row["trace_id"] in masked]
    its = [{**row, **masked[row["trace_id"]]} for row in of_state]
    return sorted(its, key=lambda row: (row["start_time"], row["trace_id"]))


def _with_costs(analysis: Analysis, asked: _Asked) -> Analysis:
    return replace(
        analysis, questions=asked.questions, reused=asked.reused, cost_usd=asked.cost_usd, trouble=asked.trouble
    )


def _text(claims: Claims) -> str:
    return orjson.dumps(claims.as_json()).decode()


def _claims_of(text: str) -> Claims:
    found = orjson.loads(text)
    cited = {trace for name in PARTS for each in found.get(name, []) for trace in each[CITED]}
    return claims_in(found, PARTS, cited)
