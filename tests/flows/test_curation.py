"""The curation flow on the real servers: datasets from traffic and labels, a ledger, and nothing twice."""

import datetime as dt

import httpx
import pytest

from flows.curation import curation
from flows.ingestion import ingestion
from tasks.shared.gateways.phoenix import Phoenix, digest_of
from tasks.shared.records import Window
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tests.curate.traffic_rows import QUESTIONS
from tests.flows.killed_runs import killed_and_run
from tests.traffic import TestSpan, ingest

pytestmark = pytest.mark.servers
DAY = Window.of_day(dt.date(2026, 11, 18))
NOON = DAY.start + dt.timedelta(hours=12)


@pytest.fixture
async def spans(nightjar_env, servers, project, monkeypatch):
    """Eight questions in Phoenix and in the lake, half of which failed."""
    for kind in ("golden", "failed", "blocked", "expert"):
        monkeypatch.setenv(f"NIGHTJAR_CURATION__NAMES__{kind.upper()}", f"{{project}} {kind}")
    found = [
        TestSpan(
            NOON + dt.timedelta(minutes=number),
            attributes={"input.value": text, "output.value": f"answer {number}", "session.id": f"{project}-{number}"},
            status="ERROR" if number % 2 else "OK",
        )
        for number, text in enumerate(QUESTIONS)
    ]
    ingest(servers.phoenix_url, project, found)
    await ingestion(DAY)
    return found


def approve(servers, spans):
    """As an expert would, in Phoenix."""
    said = {"name": "correctness", "annotator_kind": "HUMAN", "identifier": "ann", "result": {"label": "correct"}}
    body = {"data": [{"span_id": span.span_id, **said} for span in spans]}
    httpx.post(f"{servers.phoenix_url}/v1/span_annotations", params={"sync": "true"}, json=body).raise_for_status()


async def examples_of(project, kind, version_id=None):
    async with Phoenix(load_settings().phoenix) as phoenix:
        return await phoenix.examples(f"{project} {kind}", version_id)


async def test_labelled_traffic_becomes_datasets_whose_versions_grow_and_a_second_run_adds_nothing(
    spans, servers, project
):
    approve(servers, spans[0:4:2])
    golden, failed, blocked, expert, ledger = await curation(DAY)
    assert [each.counts["added"] for each in (golden, failed, blocked, expert)] == [6, 4, 0, 2]
    assert blocked.notes == (f"{project} blocked: no candidates, so there is no such dataset.",)
    assert "has fewer than 50 examples (curation.smallest)" in golden.notes[1]
    first = await examples_of(project, "golden")
    assert {example.span_id for example in first} == {span.span_id for span in (*spans[0:4:2], *spans[1::2])}
    right = {example.span_id: example.output for example in first if example.output}
    assert right == {span.span_id: {"output": span.attributes["output.value"]} for span in spans[0:4:2]}
    labels = [example.metadata["labels"] for example in await examples_of(project, "expert")]
    assert [(said[0]["name"], said[0]["label"]) for said in labels] == [("correctness", "correct")] * 2
    assert ledger.counts["versions"] == 1
    location = ledger.notes[-1].removeprefix("Ledger: ")
    assert f"{project} golden" in Lake.open(load_settings().lake).get_file(location.partition("/lake/")[2]).decode()

    again = await curation(DAY, datasets=["golden", "failed"])
    assert [each.counts["added"] for each in again[:2]] == [0, 0]
    assert await examples_of(project, "golden") == first

    approve(servers, spans[4:5])
    grown = (await curation(DAY, datasets=["golden"]))[0]
    assert grown.counts["added"] == 1
    now = await examples_of(project, "golden")
    assert (now[:6], now[6].span_id) == (first, spans[4].span_id)
    rows = Lake.open(load_settings().lake).sql(
        "SELECT version, phoenix_version_id FROM dataset_versions WHERE dataset = $d ORDER BY version",
        project,
        None,
        {"d": f"{project} golden"},
    )
    versions = dict(zip(*(rows[column].to_pylist() for column in rows.column_names), strict=True))
    day = f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"
    assert list(versions) == [f"{project} golden-{day}", f"{project} golden-{day}.2"]
    assert await examples_of(project, "golden", versions[f"{project} golden-{day}"]) == first


STAGE = "tasks.shared.store.stage:Stage"
POINTS = {
    "examples in the lake, not in Phoenix": ("tasks.shared.gateways.phoenix.gateway:Phoenix.add_examples", 1, ""),
    "examples in Phoenix, the version nowhere": (f"{STAGE}._publish_partition", 1, "/dataset_versions/"),
}


async def test_killed_half_way_and_run_again_each_dataset_has_each_example_and_its_version_once(
    spans, servers, project
):
    approve(servers, spans[0:4:2])
    asked = ["curation", "--window", "2026-11-18", "--datasets", "golden"]
    assert killed_and_run(POINTS, asked) == 0
    golden, _ = await curation(DAY, datasets=["golden"])
    assert (golden.counts["added"], golden.counts["versions"]) == (0, 0)
    found = await examples_of(project, "golden")
    lake = Lake.open(load_settings().lake)
    rows = lake.sql("SELECT example_id FROM examples", project)["example_id"].to_pylist()
    assert sorted(rows) == sorted(example.id for example in found)
    assert len(rows) == len({example.span_id for example in found}) == 6
    (version,) = lake.sql("SELECT * FROM dataset_versions", project).to_pylist()
    assert (version["examples"], version["added"], version["digest"]) == (6, 6, digest_of(found))
    assert version["mlflow_run_id"]
