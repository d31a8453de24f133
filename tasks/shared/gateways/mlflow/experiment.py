"""One experiment on one tracking server: write a run, then delete those it supersedes."""

import datetime as dt
import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import httpx

from tasks.shared.errors import ConfigurationError, ServiceUnavailable
from tasks.shared.gateways.mlflow.failures import translated
from tasks.shared.gateways.mlflow.run import DATE, KIND, PROJECT, SUBJECT, Run, dataset_input
from tasks.shared.settings import MlflowSettings, Settings, userinfo, without_password

log = logging.getLogger(__name__)

PARENT, FINISHED = "mlflow.parentRunId", "FINISHED"
PAGE = 1000
UNKNOWN_CERTIFICATE = "CERTIFICATE_VERIFY_FAILED"


def runs_page(uri: str, experiment_id: str) -> str:
    """The table of runs of an experiment at *uri*. The bare address would open an empty page for traces."""
    return f"{uri}/#/experiments/{experiment_id}/runs?workflowType=machine_learning"


class Mlflow:
    """One experiment on one tracking server. Keeps no global state but the environment that MLflow itself reads."""

    def __init__(self, settings: MlflowSettings, experiment: str) -> None:
        """Speak to `settings.tracking_uri` about *experiment*; nothing is sent yet."""
        self.uri = settings.tracking_uri.rstrip("/")
        self.experiment = experiment
        self.timeout_seconds = settings.timeout_seconds
        os.environ.update(
            MLFLOW_DISABLE_TELEMETRY="true",
            MLFLOW_HTTP_REQUEST_MAX_RETRIES=str(settings.retries),
            MLFLOW_HTTP_REQUEST_TIMEOUT=str(settings.timeout_seconds),
            # stdout belongs to the receipts.
            MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT="true",
            MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false",
        )

    @classmethod
    def open(cls, settings: Settings, project: str) -> "Mlflow":
        """The experiment of *project*, on a server that answers.

        Raises:
            ServiceUnavailable: The server does not answer within seconds.
        """
        mlflow = cls(settings.mlflow, experiment_name(settings, project))
        mlflow.ping()
        return mlflow

    def ping(self) -> None:
        """Ask the server whether it is there, before MLflow's client waits minutes for one that is not."""
        if not self.uri.lower().startswith(("http://", "https://")):
            return
        try:
            # User and password stay here: whether somebody is there can be told without.
            encrypted = not self.uri.lower().startswith("http://")
            answer = httpx.get(f"{self.shown_uri}/health", timeout=self.timeout_seconds, verify=encrypted)
            problem = f"status {answer.status_code}" if answer.is_server_error else ""
        except httpx.HTTPError as error:
            # It is there, and MLflow's client, unlike this request, may have been told of a private certificate.
            if UNKNOWN_CERTIFICATE in str(error):
                return
            problem = str(error) or type(error).__name__
        if problem:
            raise ServiceUnavailable(
                f"MLflow at {self.shown_uri} does not answer ({problem}). Check that it runs there and that "
                "NIGHTJAR_MLFLOW__TRACKING_URI is right, then run again; nothing was logged."
            )

    def log(self, run: Run) -> str:
        """Log *run* and its children afresh, then delete the runs it supersedes with theirs; returns its id.

        A run counts from the moment it is FINISHED, its last write, and only then are others deleted: killed at any
        point, the earlier run is still there, and a half-written one goes with the next.
        """
        with translated(self.shown_uri, self._userinfo):
            started = max([_now_ms(), *(1 + other.info.start_time for other in self._runs(run.identity))])
            run_id = self._write(run, started)
            for other in self._runs(run.identity):
                # Of two writers at once the later wins; equal in time, an unfinished run (a create request that was
                # sent twice) loses.
                rank = (other.info.start_time, other.info.status == FINISHED, other.info.run_id)
                if rank < (started, True, run_id):
                    self._delete_children(other.info.run_id)
                    self._client.delete_run(other.info.run_id)
                    log.info("run %s superseded by %s", other.info.run_id, run_id)
        return run_id

    def live_run(self, project: str, day: dt.date) -> str | None:
        """Id of the complete run of *project* and *day*; None when there is none yet."""
        return self._live({PROJECT: project, KIND: "day", DATE: day.isoformat()})

    def live_comparison(self, project: str, subject: str) -> str | None:
        """Id of the complete run of the comparison *subject*; None when there is none yet."""
        return self._live({PROJECT: project, KIND: "comparison", SUBJECT: subject})

    def tag(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Set *tags* of the run."""
        with translated(self.shown_uri, self._userinfo):
            for name, value in tags.items():
                self._client.set_tag(run_id, name, value)

    def attach(self, run_id: str, path_in_run: str, content: bytes) -> None:
        """Store *content* as an artifact of the run, replacing what was at the path."""
        path = PurePosixPath(path_in_run)
        with translated(self.shown_uri, self._userinfo), tempfile.TemporaryDirectory() as folder:
            file = Path(folder, path.name)
            file.write_bytes(content)
            parent = None if path.parent == PurePosixPath() else str(path.parent)
            self._client.log_artifact(run_id, str(file), parent)

    @property
    def experiment_url(self) -> str:
        """Where to look at the experiment."""
        with translated(self.shown_uri, self._userinfo):
            return runs_page(self.shown_uri, self._experiment_id)

    def run_url(self, run_id: str) -> str:
        """Where to look at a run."""
        with translated(self.shown_uri, self._userinfo):
            return f"{self.shown_uri}/#/experiments/{self._experiment_id}/runs/{run_id}"

    @property
    def shown_uri(self) -> str:
        """The tracking URI without a password that may be in it."""
        return without_password(self.uri)

    @property
    def _userinfo(self) -> str:
        return userinfo(self.uri)

    @cached_property
    def _client(self) -> Any:
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self.uri)

    @cached_property
    def _experiment_id(self) -> str:
        """Id of the experiment, made when missing."""
        found = self._client.get_experiment_by_name(self.experiment)
        if found is None:
            return str(self._create_experiment())
        if found.lifecycle_stage == "deleted":
            raise ConfigurationError(
                f"MLflow experiment {self.experiment!r} is deleted on {self.shown_uri}. Restore it "
                f"(mlflow experiments restore -x {found.experiment_id}) or change NIGHTJAR_MLFLOW__EXPERIMENT."
            )
        return str(found.experiment_id)

    def _create_experiment(self) -> str:
        from mlflow.exceptions import MlflowException

        try:
            return str(self._client.create_experiment(self.experiment))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            return str(self._client.get_experiment_by_name(self.experiment).experiment_id)

    def _live(self, identity: Mapping[str, str]) -> str | None:
        with translated(self.shown_uri, self._userinfo):
            finished = [
                (found.info.start_time, found.info.run_id)
                for found in self._runs(identity)
                if found.info.status == FINISHED
            ]
        return max(finished)[1] if finished else None

    def _runs(self, identity: Mapping[str, str]) -> list[Any]:
        """Every undeleted run with these tags, complete or not."""
        asked = [f"tags.`{name}` = '{identity[name]}'" for name in (KIND, DATE) if name in identity]
        # The others are compared here: MLflow's filter language cannot quote every name.
        return [run for run in self._found(" AND ".join(asked)) if identity.items() <= run.data.tags.items()]

    def _delete_children(self, run_id: str, spared: Sequence[str] = ()) -> None:
        for child in self._found(f"tags.`{PARENT}` = '{run_id}'"):
            if child.info.run_id not in spared:
                self._client.delete_run(child.info.run_id)

    def _found(self, filter_string: str) -> list[Any]:
        found, token = [], None
        while True:
            page = self._client.search_runs([self._experiment_id], filter_string, max_results=PAGE, page_token=token)
            found += page
            token = page.token
            if not token:
                return found

    def _write(self, run: Run, started: int, parent: str = "") -> str:
        from mlflow import entities

        tags = {**run.tags, **run.identity, **run.table_tags, "mlflow.note.content": run.note}
        if parent:
            tags[PARENT] = parent
        created = self._client.create_run(self._experiment_id, start_time=started, tags=tags, run_name=run.name)
        run_id = str(created.info.run_id)
        self._client.log_batch(
            run_id,
            metrics=[entities.Metric(p.name, p.value, p.timestamp_ms, p.step) for p in run.points],
            params=[entities.Param(key, value) for key, value in run.params.items()],
        )
        if run.dataset:
            self._client.log_inputs(run_id, datasets=[dataset_input(run.dataset)])
        for path, content in run.files.items():
            self.attach(run_id, path, content)
        if run.children:
            # A create request that was sent twice leaves a twin.
            self._delete_children(run_id, spared=[self._write(child, started, run_id) for child in run.children])
        self._client.set_terminated(run_id, FINISHED, end_time=max(_now_ms(), started))
        return run_id


def experiment_name(settings: Settings, project: str) -> str:
    """The experiment of *project*, by the settings' template."""
    template = settings.mlflow.experiment
    values = {"tier": settings.tier, "use_case": settings.use_case, "version": settings.version}
    try:
        return template.format(project=project, **values)
    except (AttributeError, KeyError, IndexError, ValueError) as error:
        raise ConfigurationError(
            f"mlflow.experiment {template!r} is not a template ({error}). "
            "Use {project}, {tier}, {use_case} and {version} only."
        ) from error


def _now_ms() -> int:
    return int(dt.datetime.now(dt.UTC).timestamp() * 1000)
