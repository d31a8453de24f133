"""The MLflow gateway against a real server: one live run, whatever is killed."""

import datetime as dt
import subprocess
import sys
import threading
import time
import traceback
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import httpx
import pandas as pd
import pytest

from tasks.shared.errors import ConfigurationError, ServiceRefused, ServiceUnavailable
from tasks.shared.gateways.mlflow import Dataset, Mlflow, Point, Run
from tasks.shared.settings import MlflowSettings

DAY = dt.date(2026, 11, 19)
RUN = Run(
    project='p\'1 "quoted"',
    kind="day",
    name="2026-11-19",
    date="2026-11-19",
    note="# a note",
    points=[Point("score/no_error", 0.9, 0, 1_795_132_800_000), Point("spans", 12, 0, 1_795_132_800_000)],
    params={"evaluator/no_error": "1"},
    tags={"nightjar.owner": "ada"},
    artifacts={"metrics.json": b"[]", "plots/cost.svg": b"<svg/>"},
    dataset=Dataset("spans", "ab" * 16, "lake/spans", {"span_id": "string"}, 12),
)


SMALL = replace(RUN, artifacts={"metrics.json": b"[]"})
VARIANT = Run("p", "variant", "baseline", "", [Point("score/a", 0.9, 0, 1)], params={"model": "openai/a"})
COMPARISON = Run(
    project="p",
    kind="comparison",
    name="gate, 2026-11-19",
    note="",
    points=[Point("difference/a", -0.1, 0, 1)],
    subject="gate/b/c",
    tables={"examples": [{"example": "1", "baseline": 1.0}, {"example": "2", "baseline": None}]},
    dataset=Dataset("golden", "ab" * 8, "http://phoenix/datasets/1", {"input": "string"}, 2, "evaluation"),
    children=[VARIANT, replace(VARIANT, name="candidate", points=[Point("score/a", 0.8, 0, 1)])],
)


@pytest.fixture
def settings(servers):
    return MlflowSettings(tracking_uri=servers.mlflow_url, timeout_seconds=10, retries=0)


@pytest.fixture
def mlflow(settings, project):
    return Mlflow(settings, project)


@pytest.fixture
def client(settings):
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=settings.tracking_uri)


def live(client, experiment):
    found = client.get_experiment_by_name(experiment)
    return client.search_runs([found.experiment_id]) if found else []


@pytest.mark.servers
def test_a_run_arrives_with_all_that_belongs_to_it(mlflow, client):
    run_id = mlflow.log(RUN)
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "2026-11-19"
    assert run.data.metrics == {"score/no_error": 0.9, "spans": 12}
    assert run.data.params == RUN.params
    assert run.data.tags["nightjar.owner"] == "ada"
    assert run.data.tags["mlflow.note.content"] == "# a note"
    dataset = run.inputs.dataset_inputs[0].dataset
    assert (dataset.name, dataset.digest) == ("spans", "ab" * 16)
    assert {f.path for f in client.list_artifacts(run_id)} == {"metrics.json", "plots"}
    assert mlflow.run_url(run_id) == f"{mlflow.uri}/#/experiments/{run.info.experiment_id}/runs/{run_id}"
    assert mlflow.experiment_url.endswith(f"/#/experiments/{run.info.experiment_id}/runs?workflowType=machine_learning")


@pytest.mark.servers
def test_logging_again_leaves_one_live_run_per_project_day_and_kind(mlflow, client):
    others = {
        mlflow.log(replace(RUN, date="2026-11-18")),
        mlflow.log(replace(RUN, kind="trend", date="")),
        mlflow.log(replace(RUN, project="p2")),
    }
    first, second = mlflow.log(RUN), mlflow.log(replace(RUN, points=[Point("spans", 13, 0, 1)]))
    assert {run.info.run_id for run in live(client, mlflow.experiment)} == others | {second}
    assert first != second
    assert mlflow.live_run(RUN.project, DAY) == second
    assert client.get_run(second).data.metrics == {"spans": 13}
    again = mlflow.log(replace(RUN, kind="trend", date=""))
    assert again in {run.info.run_id for run in live(client, mlflow.experiment)}
    assert len(live(client, mlflow.experiment)) == 4


@pytest.mark.servers
def test_there_is_no_live_run_before_the_first(mlflow):
    assert mlflow.live_run("p", DAY) is None


@pytest.mark.servers
def test_a_run_of_a_writer_whose_clock_is_ahead_is_superseded_too(mlflow, client):
    tomorrow = int((time.time() + 86_400) * 1000)
    tags = {"nightjar.project": RUN.project, "nightjar.kind": "day", "nightjar.date": RUN.date}
    ahead = client.create_run(client.create_experiment(mlflow.experiment), start_time=tomorrow, tags=tags)
    client.set_terminated(ahead.info.run_id, "FINISHED")
    run_id = mlflow.log(RUN)
    assert [run.info.run_id for run in live(client, mlflow.experiment)] == [run_id]
    assert mlflow.live_run(RUN.project, DAY) == run_id


@pytest.mark.servers
def test_attaching_twice_keeps_the_last_content(mlflow, client, tmp_path):
    run_id = mlflow.log(RUN)
    mlflow.attach(run_id, "report.html", b"old")
    mlflow.attach(run_id, "report.html", b"new")
    mlflow.attach(run_id, "deep/er/report.html", b"deep")
    for path, content in (("report.html", b"new"), ("deep/er/report.html", b"deep")):
        assert Path(client.download_artifacts(run_id, path, str(tmp_path))).read_bytes() == content


@pytest.mark.servers
def test_more_metrics_than_fit_in_one_call_arrive(mlflow, client):
    points = [Point(f"m/{i}", float(i), step, 1) for i in range(300) for step in range(5)]
    run_id = mlflow.log(replace(RUN, kind="trend", date="", points=points, params={str(i): "v" for i in range(130)}))
    run = client.get_run(run_id)
    assert len(run.data.metrics) == 300
    assert len(run.data.params) == 130
    assert [m.step for m in client.get_metric_history(run_id, "m/7")] == [0, 1, 2, 3, 4]


@pytest.mark.servers
def test_a_deleted_experiment_says_how_to_restore_it(mlflow, client):
    client.delete_experiment(client.create_experiment(mlflow.experiment))
    with pytest.raises(ConfigurationError, match="mlflow experiments restore"):
        mlflow.log(RUN)


@pytest.mark.servers
def test_what_mlflow_refuses_is_told_with_its_reason(mlflow):
    with pytest.raises(ServiceRefused, match="not legal"):
        mlflow.log(replace(RUN, points=[Point("not legal (", 1, 0, 1)]))


def test_an_absent_server_fails_in_seconds_and_says_what_to_check():
    settings = MlflowSettings(tracking_uri="http://me:secret@127.0.0.1:9", timeout_seconds=5)
    started = time.monotonic()
    with pytest.raises(ServiceUnavailable, match="NIGHTJAR_MLFLOW__TRACKING_URI") as caught:
        Mlflow(settings, "e").ping()
    assert time.monotonic() - started < 5
    assert "http://127.0.0.1:9" in str(caught.value)
    assert "secret" not in str(caught.value)


class Health(BaseHTTPRequestHandler):
    """Answers every GET with 200 and keeps the request's headers."""

    seen: ClassVar[list[str | None]] = []

    def do_GET(self):
        """Somebody is there."""
        self.seen.append(self.headers["authorization"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def health_server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Health) as server:
        Health.seen.clear()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_the_first_question_goes_out_without_the_password():
    with health_server() as port:
        Mlflow(MlflowSettings(tracking_uri=f"http://me:secret@127.0.0.1:{port}"), "e").ping()
    assert Health.seen == [None]


@pytest.mark.parametrize(("scheme", "verify"), [("http", False), ("HTTP", False), ("https", True), ("HTTPS", True)])
def test_certificates_are_verified_however_https_is_written(monkeypatch, scheme, verify):
    asked = []
    monkeypatch.setattr(httpx, "get", lambda url, **how: asked.append((url, how["verify"])) or httpx.Response(200))
    Mlflow(MlflowSettings(tracking_uri=f"{scheme}://me:secret@h"), "e").ping()
    assert asked == [(f"{scheme}://h/health", verify)]


def test_a_server_with_a_private_certificate_is_left_to_mlflow_s_client(monkeypatch):
    def refused(*_, **__):
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate")

    monkeypatch.setattr(httpx, "get", refused)
    assert Mlflow(MlflowSettings(tracking_uri="https://h"), "e").ping() is None


def test_a_server_that_goes_away_between_two_calls_fails_in_seconds():
    mlflow = Mlflow(MlflowSettings(tracking_uri="http://me:secret@127.0.0.1:9", timeout_seconds=5, retries=0), "e")
    with pytest.raises(ServiceUnavailable, match="run again") as caught:
        mlflow.log(RUN)
    # A log prints an exception with its cause.
    assert "secret" not in "".join(traceback.format_exception(caught.value))


def family(client, experiment):
    """Names of the live runs and of their parents."""
    runs = {run.info.run_id: run for run in live(client, experiment)}
    parents = {run_id: run.data.tags.get("mlflow.parentRunId") for run_id, run in runs.items()}
    return sorted(
        (run.info.run_name, runs[parents[run_id]].info.run_name if parents[run_id] else "")
        for run_id, run in runs.items()
    )


FAMILY = [("baseline", "gate, 2026-11-19"), ("candidate", "gate, 2026-11-19"), ("gate, 2026-11-19", "")]


@pytest.mark.servers
def test_a_comparison_and_its_variants_supersede_those_of_the_same_two_experiments(mlflow, client, tmp_path):
    other = mlflow.log(replace(COMPARISON, name="other", subject="gate/b/d", children=()))
    first, second = mlflow.log(COMPARISON), mlflow.log(COMPARISON)
    assert first != second
    assert family(client, mlflow.experiment) == [*FAMILY, ("other", "")]
    assert mlflow.live_comparison("p", "gate/b/c") == second
    assert mlflow.live_comparison("p", "gate/b/d") == other
    assert mlflow.live_comparison("p", "gate/b/e") is None
    run = client.get_run(second)
    assert run.data.tags["mlflow.loggedArtifacts"] == '[{"path": "examples.json", "type": "table"}]'
    assert run.inputs.dataset_inputs[0].tags[0].value == "evaluation"
    table = Path(client.download_artifacts(second, "examples.csv", str(tmp_path))).read_text()
    assert table == "example,baseline\n1,1.0\n2,\n"
    shown = pd.read_json(client.download_artifacts(second, "examples.json", str(tmp_path)), orient="split")
    assert shown["baseline"].fillna(-1).tolist() == [1.0, -1]
    mlflow.tag(second, {"nightjar.verdict": "pass"})
    assert client.get_run(second).data.tags["nightjar.verdict"] == "pass"


@pytest.mark.servers
@pytest.mark.parametrize("calls", [2, 8, 14, 19])
def test_a_comparison_stopped_anywhere_is_whole_again_after_the_next(mlflow, client, monkeypatch, calls):
    """Requests of a comparison and the deletion of the one before: 20."""
    import requests

    before = mlflow.log(COMPARISON)
    send, left = requests.Session.send, iter(range(calls))

    def stopping(session, request, **kwargs):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return send(session, request, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(requests.Session, "send", stopping)
        with pytest.raises(KeyboardInterrupt):
            Mlflow(MlflowSettings(tracking_uri=mlflow.uri, retries=0), mlflow.experiment).log(COMPARISON)
    survivor = mlflow.live_comparison("p", "gate/b/c")
    assert survivor == before or calls > 14
    assert survivor is not None
    mlflow.log(COMPARISON)
    assert family(client, mlflow.experiment) == FAMILY


def test_a_table_without_rows_is_an_empty_table():
    files = replace(COMPARISON, tables={"examples": []}).files
    assert files == {"examples.json": b'{"columns":[],"data":[]}', "examples.csv": b"\n"}


# Forks a child per point, for importing MLflow anew each time would take minutes; the parent itself opens no
# connection that a child could inherit. A child dies just before its n-th request, that is just after the one before.
# After each death another child looks for a complete run: exit code 7 when there is none. In the end the parent's exit
# code is the number of children that died.
KILLED_AT_EVERY_CALL = """
import datetime, os, signal, sys
import mlflow, requests
from tasks.shared.gateways.mlflow import Mlflow
from tasks.shared.settings import MlflowSettings
from tests.shared.gateways.test_mlflow import DAY, SMALL

send = requests.Session.send
gateway = Mlflow(MlflowSettings(tracking_uri=sys.argv[1], retries=0), sys.argv[2])

def dying_before(last):
    calls = iter(range(1, last))
    def dying(session, request, **kwargs):
        if next(calls, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return send(session, request, **kwargs)
    return dying

def in_a_child(work):
    child = os.fork()
    if not child:
        os._exit(work())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def log_and_die(call):
    requests.Session.send = dying_before(call)
    gateway.log(SMALL)
    return 0

died = 0
while (code := in_a_child(lambda: log_and_die(died + 1))) == -signal.SIGKILL:
    died += 1
    if in_a_child(lambda: 0 if gateway.live_run(SMALL.project, DAY) else 7):
        sys.exit(f"no complete run after the death before call {died}")
sys.exit(died if code == 0 else f"child ended with {code}")
"""


@pytest.mark.servers
def test_killed_between_any_two_calls_there_is_always_a_complete_run_and_in_the_end_exactly_one(
    mlflow, client, settings
):
    mlflow.log(SMALL)
    child = subprocess.run(
        [sys.executable, "-c", KILLED_AT_EVERY_CALL, settings.tracking_uri, mlflow.experiment],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert child.returncode >= 8, child.stderr
    assert len(live(client, mlflow.experiment)) == 1
    run_id = mlflow.log(SMALL)
    assert [run.info.run_id for run in live(client, mlflow.experiment)] == [run_id]
    assert client.get_run(run_id).data.metrics == {"score/no_error": 0.9, "spans": 12}


@pytest.mark.servers
def test_a_half_written_run_is_not_live(mlflow, client, monkeypatch):
    monkeypatch.setattr(Mlflow, "attach", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        mlflow.log(SMALL)
    assert len(live(client, mlflow.experiment)) == 1
    assert mlflow.live_run(SMALL.project, DAY) is None
