"""Keep the golden dataset's ledger: read the lake, compute, save the page."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from tasks.curate.holdings import example_rows, version_rows
from tasks.curate.ledger import DECISIONS_ON, Evidence, Ledger, ledger
from tasks.curate.ledger_pages import ledger_path, page, records, sentences
from tasks.curate.masking import anonymiser_of
from tasks.curate.pool import asked_questions
from tasks.curate.resemblance import Topic
from tasks.shared.anonymise import Anonymiser
from tasks.shared.gateways.llm.names import masked, names_judge
from tasks.shared.pages.markdown import markdown
from tasks.shared.pages.page import html
from tasks.shared.records import DAY, Batch, Window
from tasks.shared.settings import Settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DATASET_VERSIONS

PAGE, TEXT, RECORDS = "ledger.html", "ledger.md", "ledger.json"


async def keep_ledger(settings: Settings, project: str, window: Window, at: dt.datetime, run: str) -> tuple[Batch, str]:
    """Save the ledger as it is now, compared with the last days of *window*; returns the receipt and the Markdown."""
    lake, dataset = Lake.open(settings.lake), settings.curation.name_of("golden", project)
    days = Window(max(window.start, window.end - settings.curation.traffic_days * DAY), window.end)
    masks = anonymiser_of(dataset, settings.anonymise, lake)
    evidence = await asyncio.to_thread(_evidence, lake, settings, project, days, masks)
    kept = await asyncio.to_thread(ledger, dataset, evidence, settings.curation, at)
    kept = replace(kept, topics=await _nameless(kept.topics, settings, project, masks, run))
    shown = page(kept, project, at)
    said = markdown(shown)
    for name, content in ((PAGE, html(shown).encode()), (TEXT, said.encode()), (RECORDS, records(kept))):
        lake.put_file(ledger_path(project, dataset, name), content)
    return _receipt(kept, project, days, lake.location(ledger_path(project, dataset, PAGE))), said


def _evidence(lake: Lake, settings: Settings, project: str, days: Window, masks: Anonymiser) -> Evidence:
    decided = lake.sql(DECISIONS_ON, project, None, {"dataset": masks.dataset}).to_pylist()
    return Evidence(
        versions=version_rows(lake, project, masks.dataset),
        examples=example_rows(lake, project, masks.dataset),
        decisions={row["version"]: row["decisions"] for row in decided},
        traffic=[masks.text(text) for text in asked_questions(lake, project, days, settings.curation)],
    )


async def _nameless(
    topics: Sequence[Topic], settings: Settings, project: str, masks: Anonymiser, run: str
) -> list[Topic]:
    """The topics with people's names masked, where that is asked for; questions nobody could look at are left out."""
    async with names_judge(settings, project, run) as names:
        texts = await masked([list(topic.questions) for topic in topics], masks, names)
    return [replace(topic, questions=tuple(shown or ())) for topic, shown in zip(topics, texts, strict=True)]


def _receipt(kept: Ledger, project: str, days: Window, location: str) -> Batch:
    counts = {
        "versions": len(kept.entries),
        "decisions": sum(entry.decisions for entry in kept.entries),
        "traffic_questions": kept.traffic,
        "uncovered_topics": len(kept.topics),
        "reasons_to_refresh": len(kept.due),
    }
    notes = (*sentences(kept), f"Ledger: {location}")
    return Batch(DATASET_VERSIONS.name, project, days, len(kept.entries), counts, notes=notes)
