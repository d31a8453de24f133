"""Datasets on the real Phoenix and MLflow: killed, away, gone and foreign ones end as they should."""

import datetime as dt
import json

import httpx
import pytest

from tasks.curate.curating import Curating, curate
from tasks.curate.holdings import example_rows, version_rows
from tasks.shared.errors import ConfigurationError, ServiceUnavailable
from tasks.shared.gateways.mlflow import Mlflow
from tasks.shared.gateways.phoenix import Phoenix, digest_of
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tests.curate.traffic_rows import QUESTIONS, WINDOW, asked, put_annotations, put_spans

pytestmark = pytest.mark.servers
AT = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)


@pytest.fixture
def spans(nightjar_env, project, monkeypatch):
    """Eight questions whose answers people approved, in the lake only; one says a mail address."""
    for kind in ("FAILED", "BLOCKED", "EXPERT"):
        monkeypatch.setenv(f"NIGHTJAR_CURATION__NAMES__{kind}", "")
    monkeypatch.setenv("NIGHTJAR_CURATION__NAMES__GOLDEN", "{project}/golden")
    rows = [asked(n, text) for n, text in enumerate((*QUESTIONS[:7], "Write to ann.lee@example.com about it, please."))]
    lake = Lake.open(load_settings().lake)
    put_spans(lake, *rows, project=project)
    put_annotations(lake, [{"of": row, "name": "x", "label": "approved"} for row in rows], project)
    return rows


async def run(project, at=AT, **settings):
    """One curation; returns its receipts."""
    known = load_settings()
    known = known.model_copy(update={"curation": known.curation.model_copy(update=settings)})
    async with Phoenix(known.phoenix) as phoenix:
        lake = Lake.open(known.lake)
        return await curate(Curating(known, lake, phoenix, project, WINDOW, at, "run"))


async def in_phoenix(project):
    """The dataset and its examples."""
    async with Phoenix(load_settings().phoenix) as phoenix:
        return await phoenix.dataset(f"{project}/golden"), await phoenix.examples(f"{project}/golden")


def versions_in_phoenix(dataset):
    answer = httpx.get(f"{load_settings().phoenix.url}/v1/datasets/{dataset.id}/versions")
    return len(answer.json()["data"])


def delete(dataset, example=None):
    """As a person would in Phoenix: an example, or the whole dataset."""
    url = load_settings().phoenix.url
    if example is None:
        httpx.delete(f"{url}/v1/datasets/{dataset.id}").raise_for_status()
        return
    query = "mutation($input: DeleteDatasetExamplesInput!) { deleteDatasetExamples(input: $input) { __typename } }"
    body = {"query": query, "variables": {"input": {"exampleIds": [example.node_id]}}}
    assert "errors" not in httpx.post(f"{url}/graphql", json=body).json()


def in_lake(project):
    lake = Lake.open(load_settings().lake)
    return example_rows(lake, project, f"{project}/golden"), version_rows(lake, project, f"{project}/golden")


async def killed(*_, **__):
    raise KeyboardInterrupt


def die_at(point, patched):
    """The next run dies there."""
    original = Curating._store

    def killed_over_versions(self, table, *arguments):
        if table.name == "dataset_versions":
            raise KeyboardInterrupt
        return original(self, table, *arguments)

    if point == "_store":
        patched.setattr(Curating, point, killed_over_versions)
    else:
        patched.setattr(Phoenix, point, killed)


async def test_killed_between_lake_phoenix_and_mlflow_the_next_run_ends_as_an_undisturbed_one(
    spans, project, monkeypatch
):
    for point in ("add_examples", "describe_dataset", "_store"):
        with monkeypatch.context() as patched:
            die_at(point, patched)
            with pytest.raises(KeyboardInterrupt):
                await run(project)
    # A day later: the version keeps the name and the day that it was begun on.
    (receipt,) = await run(project, AT + dt.timedelta(days=1))
    assert (receipt.rows, receipt.counts["versions"]) == (8, 1)
    dataset, examples = await in_phoenix(project)
    rows, (version,) = in_lake(project)
    assert (len(examples), len(rows), versions_in_phoenix(dataset)) == (8, 8, 1)
    assert {row["example_id"] for row in rows} == {example.id for example in examples}
    assert version["version"] == f"{project}/golden-2026-11-20"
    assert (version["digest"], version["examples"], version["added"]) == (digest_of(examples), 8, 8)
    rules = json.loads(version["rules"])
    assert (rules["kind"], rules["strata"]["golden"], sum(rules["splits"].values())) == ("golden", "good", 1)
    assert {"right", "wrong", "scores", "blocking", "feedback_words", "anonymise", "window"} <= set(rules)
    assert "key" not in rules["anonymise"]
    told = dataset.metadata["nightjar"]["versions"][version["version"]]
    assert (told["version_id"], told["date"]) == (version["phoenix_version_id"], "2026-11-20")
    assert (await run(project, AT + dt.timedelta(days=1)))[0].counts["versions"] == 0
    assert (await in_phoenix(project))[1] == examples
    assert versions_in_phoenix(dataset) == 1
    assert in_lake(project) == (rows, [version])


async def test_examples_are_masked_split_and_lead_to_their_spans_and_another_project_leaves_them_alone(
    spans, project, monkeypatch
):
    await run(project)
    _, examples = await in_phoenix(project)
    by_span = {example.metadata["span_id"]: example for example in examples}
    assert set(by_span) == {row["span_id"] for row in spans}
    mail = by_span[spans[7]["span_id"]]
    assert mail.input["input"].startswith("Write to <EMAIL_")
    assert mail.output == {"output": "answer 7"}
    assert all(example.splits == (example.metadata["split"],) for example in examples)
    assert mail.metadata["right_by"] == "people"
    monkeypatch.setenv("NIGHTJAR_CURATION__NAMES__GOLDEN", f"{project}/golden")
    with pytest.raises(ConfigurationError, match=rf"curated from project '{project}', not 'other'"):
        await run("other")


async def test_a_dataset_grows_by_the_week_and_keeps_what_it_had(spans, project):
    assert (await run(project, size=5, growth=2))[0].rows == 5
    _, first = await in_phoenix(project)
    assert (await run(project, AT + dt.timedelta(days=6), size=5, growth=2))[0].rows == 0
    (receipt,) = await run(project, AT + dt.timedelta(days=8), size=5, growth=2)
    assert (receipt.rows, receipt.counts["beyond_size"]) == (2, 1)
    dataset, second = await in_phoenix(project)
    assert (second[:5], len(second), versions_in_phoenix(dataset)) == (first, 7, 2)
    assert [row["version"][-10:] for row in in_lake(project)[1]] == ["2026-11-20", "2026-11-28"]


async def test_what_people_delete_in_phoenix_stays_away_but_a_dataset_that_is_gone_is_put_back(
    spans, project, monkeypatch
):
    await run(project, size=7)
    dataset, examples = await in_phoenix(project)
    delete(dataset, examples[0])
    assert (await run(project, size=6))[0].rows == 0
    assert len((await in_phoenix(project))[1]) == 6
    delete(dataset)
    with monkeypatch.context() as patched:
        die_at("describe_dataset", patched)
        with pytest.raises(KeyboardInterrupt):
            await run(project, size=7)
    (receipt,) = await run(project, size=7)
    assert (receipt.counts["added"], receipt.counts["examples"]) == (7, 7)
    rows, versions = in_lake(project)
    assert (len(rows), [row["version"][-12:] for row in versions]) == (7, ["n-2026-11-20", "2026-11-20.2"])
    assert versions[1]["phoenix_dataset_id"] == (await in_phoenix(project))[0].id != dataset.id
    assert (await run(project, size=7))[0].counts["versions"] == 0
    assert versions[0]["digest"] == versions[1]["digest"] == digest_of((await in_phoenix(project))[1])


async def test_without_mlflow_the_version_is_valid_and_logged_by_the_next_run(spans, project, monkeypatch):
    with monkeypatch.context() as away:
        away.setenv("NIGHTJAR_MLFLOW__TRACKING_URI", "http://127.0.0.1:9")
        with pytest.raises(ServiceUnavailable, match="1 versions are not in MLflow"):
            await run(project)
    _, (version,) = in_lake(project)
    assert (version["examples"], version["mlflow_run_id"]) == (8, None)
    (receipt,) = await run(project)
    assert receipt.counts["versions"] == 0
    _, (logged,) = in_lake(project)
    assert logged == version | {"mlflow_run_id": logged["mlflow_run_id"]}
    mlflow = Mlflow.open(load_settings(), project)
    found = mlflow._client.get_run(logged["mlflow_run_id"])
    assert (found.info.run_name, found.data.metrics["examples"]) == (version["version"], 8)
    (used,) = found.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == (version["dataset"], version["digest"])
    assert json.loads(used.dataset.profile)["num_rows"] == 8
