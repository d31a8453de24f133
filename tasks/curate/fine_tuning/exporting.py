"""A fine-tuning file, from the lake to the lake: chosen, masked, written, read back, reported.

What is written depends on the lake and the settings alone, so the same run gives the same bytes. The file comes first
and its report last: a file without a report is of a run that was killed, and the next one puts both in place again.
What is refused leaves no file, not even that of an earlier run: nobody shall train on what does not hold any more.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import orjson

from tasks.curate.fine_tuning.candidates import SPANS, Candidate, Material, material
from tasks.curate.fine_tuning.forms import FORMS
from tasks.curate.fine_tuning.report import Report, as_json, as_markdown, cost_sentence, rate_sentence
from tasks.curate.fine_tuning.selection import Example, Selection, chosen, place, screened, told, without_repeats
from tasks.curate.fine_tuning.tokens import characters_per_token, training
from tasks.curate.fine_tuning.turns import QUESTION, Turns, named
from tasks.curate.fine_tuning.validation import checks
from tasks.shared.anonymise import Anonymiser
from tasks.shared.errors import CheckFailed, Inconclusive
from tasks.shared.gateways.llm.names import masked, names_judge
from tasks.shared.prices import PriceTable
from tasks.shared.records import Batch, Window
from tasks.shared.settings import ExportSettings, Settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.mask_key import mask_key

EXPORTS = "exports"
TRAINING, REPORT_JSON, REPORT_MARKDOWN = "training.jsonl", "report.json", "report.md"
# Values are masked as a dataset of this name: a file's masks do not lead to those of a curated dataset.
DATASET = "fine-tuning"


@dataclass(frozen=True)
class Exported:
    """What was written: the receipt, and the report as Markdown."""

    receipt: Batch
    markdown: str


async def write_export(settings: Settings, project: str, window: Window, run: str) -> Exported:
    """Write the file and its reports; *run* is in whose name a judge of names spends.

    Raises:
        Inconclusive: There are fewer examples than `export.smallest`; nothing was written, earlier files are removed.
        CheckFailed: The finished file breaks a check; there is its report, and no file.
        ConfigurationError: A predicate or a share is wrong.
    """
    lake, rules = Lake.open(settings.lake), settings.export
    masking = Anonymiser(mask_key(lake, settings.anonymise), DATASET, settings.anonymise)
    found, rate = await asyncio.gather(
        asyncio.to_thread(material, lake, settings, project, window),
        asyncio.to_thread(characters_per_token, lake, project, window, rules),
    )
    selection = await asyncio.to_thread(_screened, found, rules, masking, rate.value)
    await _without_names(selection, settings, project, run, masking)
    await asyncio.to_thread(_enough, lake, folder_of(project, rules.form, window), selection, rules)
    content = written(selection.left, rules)
    lengths = [each.turns.characters for each in selection.left]
    report = Report(
        project=project,
        window=window,
        rules=rules,
        content=content,
        examples=selection.left,
        seen={"spans": found.spans_seen, "candidates": len(found.candidates), "held_out": len(found.held_out)},
        lost=selection.lost,
        masked=Counter(masking.counts),
        names_looked_for=settings.anonymise.names,
        checks=checks(content, rules, rules.longest_tokens * rate.value, masking),
        rate=rate,
        training=training(lengths, rate, rules, PriceTable.shipped(settings.prices), window.end),
    )
    return await asyncio.to_thread(_put, lake, report)


def folder_of(project: str, form: str, window: Window) -> str:
    """Where the files of an export lie below the lake's root."""
    dates = f"{window.start:%Y-%m-%dT%H}_{window.end:%Y-%m-%dT%H}"
    return f"{EXPORTS}/project={quote(project, safe='')}/form={form}/{dates}"


def written(examples: Sequence[Example], rules: ExportSettings) -> bytes:
    """The file: a line for each example, in an order by hash."""
    write = FORMS[rules.form].write
    ordered = sorted(examples, key=lambda each: place(each.span_id))
    return b"".join(orjson.dumps(write(each.turns)) + b"\n" for each in ordered)


def _screened(
    found: Material, rules: ExportSettings, masking: Anonymiser, characters_of_token: float
) -> Selection[Example]:
    """Everything but names: it needs no model."""
    selection = chosen(found.candidates, rules)
    selection.lost["not_rated"] = found.spans_seen - sum(each.origin == SPANS for each in found.candidates)
    wanted = named(rules.system, rules.prompt) | {QUESTION}
    selection.left = [_masked(each, wanted, masking) for each in selection.left]
    held_out = [masking.text(question) for question in found.held_out]
    return screened(selection, held_out, rules, characters_of_token, masking.text)


def _masked(candidate: Candidate, wanted: set[str], masking: Anonymiser) -> Candidate:
    values: Mapping[str, Any] = {name: text for name, text in candidate.values.items() if name in wanted}
    answer = masking.value({"output": candidate.answer}).get("output", "")
    return replace(candidate, values=masking.value(values), answer=answer)


async def _without_names(
    selection: Selection[Example], settings: Settings, project: str, run: str, masking: Anonymiser
) -> None:
    async with names_judge(settings, project, run) as names:
        if names is None:
            return
        texts = await masked([list(each.turns) for each in selection.left], masking, names)
    selection.left = [
        replace(each, turns=Turns(*said) if said else each.turns)
        for each, said in zip(selection.left, texts, strict=True)
    ]
    selection.keep("names_unknown", [said is not None for said in texts])
    without_repeats(selection)


def _enough(lake: Lake, folder: str, selection: Selection[Example], rules: ExportSettings) -> None:
    left = len(selection.left)
    if left < rules.smallest:
        # The training file goes first: a report without one says what it is.
        removed = [lake.remove_file(f"{folder}/{name}") for name in (TRAINING, REPORT_JSON, REPORT_MARKDOWN)]
        raise Inconclusive(
            f"{left:,} examples are left, fewer than export.smallest {rules.smallest:,}, so nothing was exported"
            f"{' and the earlier file of this window is removed' if any(removed) else ''}. "
            f"Left out: {told(selection.lost)}."
        )


def _put(lake: Lake, report: Report) -> Exported:
    folder = folder_of(report.project, report.rules.form, report.window)
    broken = [check for check in report.checks if not check.passed]
    page = as_markdown(report)
    if broken:
        lake.remove_file(f"{folder}/{TRAINING}")
    else:
        lake.put_file(f"{folder}/{TRAINING}", report.content)
    lake.put_file(f"{folder}/{REPORT_MARKDOWN}", page.encode())
    lake.put_file(f"{folder}/{REPORT_JSON}", as_json(report))
    if broken:
        names = ", ".join(f"{check.name} ({check.failing:,} lines)" for check in broken)
        raise CheckFailed(
            f"the fine-tuning file breaks {names} and was not put in place. "
            f"{lake.location(f'{folder}/{REPORT_MARKDOWN}')} tells more."
        )
    return Exported(_receipt(lake, report, folder), page)


def _receipt(lake: Lake, report: Report, folder: str) -> Batch:
    lost = {rule: count for rule, count in report.lost.items() if count}
    counts = {**report.seen, **lost, "training_tokens": report.training.tokens}
    notes = (
        f"file: {lake.location(f'{folder}/{TRAINING}')}, digest {report.digest}",
        cost_sentence(report.training),
        rate_sentence(report.rate),
        f"report: {lake.location(f'{folder}/{REPORT_MARKDOWN}')}",
    )
    return Batch(EXPORTS, report.project, report.window, len(report.examples), counts, notes=notes)
