"""Feedback from a DynamoDB (moto) to the traces it is about, on a real Phoenix, with a lake that ingestion fills."""

import datetime as dt

import pytest

from flows.feedback import feedback
from flows.ingestion import ingestion
from tasks.shared.gateways.phoenix import Annotation, Phoenix
from tasks.shared.records import FEEDBACK_IDENTIFIER, Window
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.stage import Stage
from tasks.shared.store.tables import ANNOTATIONS, FEEDBACK
from tests.aws import chat_history, delete, put
from tests.traffic import TestSpan, ingest

pytestmark = pytest.mark.servers

NOW = dt.datetime.now(dt.UTC)
# Yesterday's noon: younger than the age at which feedback is given up, old enough to count as settled.
NOON = dt.datetime.combine(NOW.date() - dt.timedelta(days=1), dt.time(12), tzinfo=dt.UTC)
DAY = Window.of_day(NOON.date())
MINUTE = dt.timedelta(minutes=1)


def question(minutes, words, session="s1"):
    """A trace of two spans."""
    at = NOON + minutes * MINUTE
    root = TestSpan(at, "chat", {"input.value": words, "session.id": session, "output.value": "42"})
    child = TestSpan(at, "llm", {"openinference.span.kind": "LLM"}, trace_id=root.trace_id, parent_id=root.span_id)
    return [root, child]


def item(number, minutes, rating, **values):
    at = (NOON + minutes * MINUTE).isoformat()
    return {"session_id": "s1", "message": number, "timestamp": at, "user_feedback": rating, **values}


@pytest.fixture
async def chats(nightjar_env, servers, project, aws_url, monkeypatch):
    """The spans by question, and the name of a table whose items rate them."""
    traces = {words: question(n, words) for n, words in enumerate(["one?", "two?", "three?", "four?"])}
    ingest(servers.phoenix_url, project, [span for spans in traces.values() for span in spans])
    items = [
        item(1, 30, "positive", trace_id=traces["one?"][0].trace_id, comment="exact"),
        item(2, 20, "negative", text="two?", comment="wrong table"),
        item(3, 3.5, "negative"),
        item(4, 5, "positive", session_id="nobody"),
        item(5, -9 * 24 * 60, "positive"),
        item(6, 6, "so-so"),
        {"session_id": "s1", "message": 7, "timestamp": "2026-11-19"},
    ]
    table = chat_history(aws_url, items)
    for name, value in {"TABLE": table, "ENDPOINT_URL": aws_url, "REGION": "us-east-1", "PAGE_ITEMS": "3"}.items():
        monkeypatch.setenv(f"NIGHTJAR_FEEDBACK__{name}", value)
    return {words: spans[0] for words, spans in traces.items()}, table


def stored(project):
    """The rows in the lake, without when they were written."""
    return Lake.open(load_settings().lake).read(FEEDBACK, project).drop_columns("read_at").to_pylist()


async def annotated(project, roots):
    """Phoenix's annotations of the root spans by question: label, score, explanation, kind and identifier."""
    async with Phoenix(load_settings().phoenix) as phoenix:
        found = await phoenix.annotations(project, "span", [root.span_id for root in roots.values()])
    names = {root.span_id: words for words, root in roots.items()}
    return sorted(
        (names[a["span_id"]], *(a["result"].get(k) for k in ("label", "score", "explanation")), a["annotator_kind"])
        for a in found
        if a["name"] == "user_feedback"
    )


async def test_feedback_reaches_its_traces_once_waits_where_it_has_none_and_is_given_up_at_last(
    chats, project, aws_url
):
    roots, table = chats
    before = await feedback()
    assert (before.rows, before.counts["waiting"], before.counts["given_up"]) == (5, 4, 1)
    assert before.counts["items_looked_at"] == 7
    assert any("of unknown rating, for example 'so-so' of session_id=s1, message=6" in note for note in before.notes)
    assert any("given up: no trace in the lake fits" in note for note in before.notes)
    assert await annotated(project, roots) == []

    await ingestion(DAY)
    receipt = await feedback()
    assert receipt.rows == 3
    wanted = {"matched_by_trace_id": 1, "matched_by_session": 2, "annotated": 3, "waiting": 1}
    assert receipt.counts.items() >= wanted.items()
    expected = [
        ("four?", "negative", 0.0, None, "HUMAN"),
        ("one?", "positive", 1.0, "exact", "HUMAN"),
        ("two?", "negative", 0.0, "wrong table", "HUMAN"),
    ]
    assert await annotated(project, roots) == expected

    rows = stored(project)
    again = await feedback()
    assert (again.rows, again.counts.get("annotated", 0), again.counts["waiting"]) == (0, 0, 1)
    assert stored(project) == rows
    assert await annotated(project, roots) == expected

    put(aws_url, table, [item(2, 25, "positive", text="two?", comment="right after all")])
    changed = await feedback()
    assert (changed.rows, changed.counts["new_or_changed"], changed.counts["annotated"]) == (1, 1, 1)
    assert ("two?", "positive", 1.0, "right after all", "HUMAN") in await annotated(project, roots)
    assert len(stored(project)) == len(rows) == 5

    await ingestion(DAY)
    found = Lake.open(load_settings().lake).read(ANNOTATIONS, project, DAY).to_pylist()
    matched = {f"{FEEDBACK_IDENTIFIER}{row['feedback_id']}" for row in rows if row["status"] == "matched"}
    assert {row["identifier"] for row in found} == matched

    late = await feedback(since=DAY.start.date() + dt.timedelta(days=1), again=True)
    assert (late.rows, late.counts.get("items_read", 0)) == (0, 0)


async def test_what_is_taken_back_in_the_table_is_corrected_in_phoenix_and_counts_again_once_it_is_back(
    chats, project, aws_url, monkeypatch
):
    roots, table = chats
    await ingestion(DAY)
    await feedback()
    before = stored(project)
    unrated = item(1, 30, "", trace_id=roots["one?"].trace_id)
    del unrated["user_feedback"]
    put(aws_url, table, [unrated])
    delete(aws_url, table, {"session_id": "s1", "message": 3})
    gone = await feedback()
    assert (gone.rows, gone.counts["taken_back"], gone.counts["annotated"]) == (2, 2, 2)
    assert await annotated(project, roots) == [
        ("four?", "withdrawn", None, None, "HUMAN"),
        ("one?", "withdrawn", None, None, "HUMAN"),
        ("two?", "negative", 0.0, "wrong table", "HUMAN"),
    ]
    again = await feedback()
    assert (again.rows, "taken_back" in again.counts) == (0, False)

    put(
        aws_url,
        table,
        [item(1, 30, "positive", trace_id=roots["one?"].trace_id, comment="exact"), item(3, 3.5, "negative")],
    )
    back = await feedback()
    assert (back.rows, back.counts["annotated"]) == (2, 2)
    assert stored(project) == before

    other = chat_history(aws_url, [item(9, 1, "positive")])
    monkeypatch.setenv("NIGHTJAR_FEEDBACK__TABLE", other)
    elsewhere = await feedback()
    assert "taken_back" not in elsewhere.counts
    assert any("Is it the right table?" in note for note in elsewhere.notes)


async def test_a_persons_own_word_stays_and_a_killed_run_is_made_good(chats, project, monkeypatch):
    roots, _ = chats
    await ingestion(DAY)
    own = Annotation(roots["one?"].span_id, "user_feedback", "ann", "HUMAN", 0.0, "negative", "not at all")
    async with Phoenix(load_settings().phoenix) as phoenix:
        await phoenix.annotate(project, "span", [own])

    def killed(stage):
        if (stage.table, stage.window) == (FEEDBACK, DAY):
            raise KeyboardInterrupt
        publish(stage)

    publish = Stage.publish
    with monkeypatch.context() as patched:
        patched.setattr(Stage, "publish", killed)
        with pytest.raises(KeyboardInterrupt):
            await feedback()
    receipt = await feedback()
    assert (receipt.rows, receipt.counts["already_annotated"]) == (4, 3)
    assert "annotated" not in receipt.counts
    assert [row for row in await annotated(project, roots) if row[0] == "one?"] == [
        ("one?", "negative", 0.0, "not at all", "HUMAN"),
        ("one?", "positive", 1.0, "exact", "HUMAN"),
    ]


async def test_without_a_table_nothing_is_read_and_that_is_said(nightjar_env, project):
    receipt = await feedback()
    assert (receipt.rows, receipt.counts) == (0, {})
    assert receipt.notes == ("No table is named in feedback.table: nothing was read.",)
