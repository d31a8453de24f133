"""Which spans a dataset takes from the window: the pool, masked and compared with what it holds, then drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa

from tasks.curate.answers import later_answers
from tasks.curate.draw import Candidate, Drawn, drawn
from tasks.curate.examples import Taken, right_answer, span_texts
from tasks.curate.holdings import Holdings
from tasks.curate.nearest import nearest
from tasks.curate.pool import Pool, Source, compared, pool
from tasks.curate.strata import Stratum, shares, strata_of
from tasks.shared.anonymise import Anonymiser
from tasks.shared.settings import CurationSettings
from tasks.shared.splits import cluster_of

# Candidates of each combination of strata and week, by examples wanted; more are read where these do not do.
POOLED = (4, 32, 256)


@dataclass(frozen=True)
class Choice:
    """The spans to take, how many were left out and why, and what of each may be shown."""

    taken: Sequence[Taken] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    contents: Sequence[Mapping[str, Any]] = ()


def first_pool(of: Source, settings: CurationSettings, held: Sequence[Holdings]) -> Pool:
    """Candidates for all datasets at once."""
    strata = [stratum for now in held for stratum in strata_of(settings, now.kind)]
    return pool(of, strata, {now.kind: now.taken_spans for now in held}, POOLED[0] * settings.size)


@dataclass(frozen=True)
class Chooser:
    """One dataset, filled up to *wanted* examples from a window's candidates."""

    of: Source
    settings: CurationSettings
    now: Holdings
    masks: Anonymiser
    wanted: int

    @cached_property
    def strata(self) -> list[Stratum]:
        """The dataset's strata."""
        return strata_of(self.settings, self.now.kind)

    def choose(self, found: Pool) -> Choice:
        """What the dataset takes, beside the examples of a version that is open; *found* is the pool to begin with."""
        held = sum(self.now.strata.values())
        rows, draw = self._drawn(found)
        for factor in POOLED[1:]:
            if not found.cut or held + len(draw.strata) >= self.wanted:
                break
            found = pool(self.of, self.strata, {self.now.kind: self.now.taken_spans}, factor * self.settings.size)
            rows, draw = self._drawn(found)
        opened = {row["span_id"] for row in self.now.open_rows}
        new = [span_id for span_id in draw.strata if span_id not in opened]
        chosen = new[: max(0, self.wanted - held - len(opened))]
        return Choice(self._complete([rows[span_id] for span_id in chosen], draw.strata), draw.left_out)

    def _drawn(self, found: Pool) -> tuple[dict[str, dict[str, Any]], Drawn]:
        """The pool's rows by span, and the draw among them."""
        prefix = f"{self.now.kind}/"
        ours = [any(title.startswith(prefix) for title in titles) for titles in found.rows["strata"].to_pylist()]
        table = found.rows.filter(pa.array(ours, pa.bool_()))
        rows = {row["span_id"]: row for row in table.to_pylist()}
        texts = [self.masks.text(row["question"]) for row in rows.values()]
        compares = any(stratum.compares for stratum in self.strata)
        near = nearest(texts, self.now.texts) if compares else [1.0] * len(texts)
        in_strata = compared(self.of, table, self.strata, near)
        candidates = [
            Candidate(
                span_id, cluster_of(row["session_id"], row["trace_id"]), text, tuple(in_strata[span_id]), row["place"]
            )
            for (span_id, row), text in zip(rows.items(), texts, strict=True)
            if span_id in in_strata
        ]
        draw = drawn(
            candidates,
            held=self.now.strata,
            known_texts=self.now.texts,
            shares=shares(self.strata, self.settings.golden_share),
            size=self.wanted,
            similarity=self.settings.similarity,
        )
        return rows, draw

    def _complete(self, rows: Sequence[Mapping[str, Any]], strata: Mapping[str, str]) -> list[Taken]:
        """The rows with what their spans said in full, and later right answers to what has none of its own."""
        kind = self.now.kind
        texts = span_texts(self.of.lake, self.of.project, rows)
        alone = [Taken(row, strata[row["span_id"]], texts[row["span_id"]], None) for row in rows]
        unanswered = [each.row for each in alone if right_answer(kind, each)[0] is None]
        later = later_answers(self.of, unanswered) if kind in ("golden", "failed") else {}
        return [Taken(each.row, each.stratum, each.texts, later.get(each.row["span_id"])) for each in alone]
