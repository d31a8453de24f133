"""What a round came to, for people: every candidate with its numbers and its reason, and what it changes."""

from collections import Counter
from collections.abc import Sequence
from difflib import unified_diff

from tasks.prompts.candidates import Candidate
from tasks.prompts.rounds import Round
from tasks.shared.gateways.phoenix import PromptText
from tasks.shared.pages.blocks import Block, Cell, Interval, Number, Table, Text
from tasks.shared.pages.page import Page, Part
from tasks.shared.records import Batch
from tasks.shared.store.tables import PROMPT_CANDIDATES

CLOSING = (
    "Candidates learn from failing calls of the split train, are chosen on dev, and the chosen one is decided on test; "
    "nobody looks at holdout. A gain is positive where the candidate is better. Its p has to be the smaller, "
    "the more prompts were decided on these examples."
)
LONGEST_DIFF = 6000


def round_page(ended: Round, project: str, base: PromptText) -> Page:
    """The report of a round on the prompt *base*."""
    parts = (
        Part("glance", "At a glance", [Text(sentence_of(ended)), *[Text(note, "note") for note in ended.notes]]),
        Part("candidates", "Candidates", [_candidates(ended.candidates)]),
        Part("test", "On test", [_test(ended.candidates)]),
        Part("changes", "What they change", _changes(ended.candidates, base)),
    )
    subtitle = f"{project}, failures of {ended.window}, in place of version {ended.base_version}"
    return Page("Nightjar prompts", f"Better {ended.prompt}", subtitle, parts, CLOSING)


def receipt_of(ended: Round, project: str, changed: int, report: str = "") -> Batch:
    """What came of the round; `ids` name it, and the winning version where there is one."""
    outcomes = Counter(str(each.outcome) for each in ended.candidates)
    winner = next((each for each in ended.candidates if each.outcome in ("promoted", "candidate")), None)
    return Batch(
        table=PROMPT_CANDIDATES.name,
        project=project,
        window=ended.window,
        rows=len(ended.candidates),
        counts={**outcomes, "changed": changed},
        notes=(*ended.notes, *([sentence_of(ended)] if ended.candidates else []), *([report] if report else [])),
        ids={"round": ended.id, **({"winner": str(winner.version)} if winner else {})},
    )


def sentence_of(ended: Round) -> str:
    """The round in a sentence."""
    for each in ended.candidates:
        if each.outcome == "promoted":
            return f"{ended.prompt}: {each.candidate} ({each.version}) became production: {each.reason}"
        if each.outcome == "candidate":
            return f"{ended.prompt}: {each.candidate} ({each.version}) is tagged candidate: {each.reason}"
    if not ended.candidates:
        return f"{ended.prompt}: nothing was proposed"
    # The one that came furthest tells most.
    furthest = max(ended.candidates, key=lambda each: ("test" in each.document, "dev" in each.document))
    return f"{ended.prompt}: no candidate won. {furthest.candidate}: {furthest.reason}"


def _candidates(candidates: Sequence[Candidate]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for each in candidates:
        dev = each.document.get("dev") or {}
        rows.append(
            (
                each.candidate,
                each.version,
                each.outcome,
                each.reason,
                Number(dev.get("production"), "score"),
                Number(dev.get("mean"), "score"),
                Number(dev.get("gain"), "difference"),
                Number(dev.get("n")),
                Number(dev.get("coverage"), "share"),
                Number(dev.get("cost_usd"), "usd"),
            )
        )
    columns = (
        "Candidate",
        "Version",
        "Outcome",
        "Why",
        "Production on dev",
        "Candidate on dev",
        "Gain",
        "n",
        "Coverage",
    )
    return Table("Candidates", (*columns, "Cost per answer"), rows, empty="The model proposed nothing.")


def _test(candidates: Sequence[Candidate]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for each in candidates:
        if test := each.document.get("test"):
            difference = test["difference"]
            rows.append(
                (
                    each.candidate,
                    each.document["verdict"],
                    test["metric"],
                    Number(difference["value"], "difference"),
                    Interval(difference["low"], difference["high"], "difference"),
                    Number(test["p_value"], "number"),
                    Number((each.document.get("turn") or {}).get("level"), "number"),
                    Number(test["n"]),
                    each.document["verdict_id"],
                )
            )
    columns = ("Candidate", "Gate", "Metric", "Gain", "95 % interval", "p", "below", "n", "Verdict")
    return Table("On test", columns, rows, empty="No candidate was good enough on dev to be tried on test.")


def _changes(candidates: Sequence[Candidate], base: PromptText) -> list[Block]:
    told = list(dict.fromkeys(str(each.document.get("diagnosis") or "") for each in candidates))
    rows = [(each.candidate, str(each.document.get("why") or ""), changes_of(base, each.text())) for each in candidates]
    diagnosis: list[Block] = [Text(f"The model's diagnosis: {text}") for text in told if text]
    return [*diagnosis, Table("Changes", ("Candidate", "Idea", "Changes"), rows, empty="Nothing.", layout="cards")]


def changes_of(base: PromptText, prompt: PromptText) -> str:
    """What differs, part by part, as a diff."""
    found = []
    for name, before, after in _parts(base, prompt):
        if before != after:
            lines = unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="", n=1)
            found.append("\n".join(lines))
    text = "\n\n".join(found) or "nothing"
    return text if len(text) <= LONGEST_DIFF else text[:LONGEST_DIFF] + " ..."


def _parts(base: PromptText, prompt: PromptText) -> list[tuple[str, str, str]]:
    messages = zip(base.messages, prompt.messages, strict=False)
    texts = [(f"message {i}", *(each["content"] for each in pair)) for i, pair in enumerate(messages, start=1)]
    sections = [(name, text, prompt.sections.get(name, "")) for name, text in base.sections.items()]
    return [(name, before, after) for name, before, after in (*sections, *texts)]
