"""prefect.yaml is read strictly here, because Prefect drops keys it does not know without a word."""

import ast
import importlib
import itertools
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from prefect.server.utilities.user_templates import render_user_template_sync

from deployments.deploy import POOL
from tasks.alerts.flow_runs import FlowRun

ROOT = Path(__file__).parents[2]
TEXT = {"type": "string", "minLength": 1}


def _table(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


ENVIRONMENT = {
    "DO_NOT_TRACK": {"const": "true"},
    "PREFECT_TASKS_DEFAULT_RETRIES": {"type": "string", "pattern": "^[1-9]$"},
    "PREFECT_TASKS_DEFAULT_RETRY_DELAY_SECONDS": {"type": "string", "pattern": r"^\d+(,\d+)+$"},
}
SCHEDULE = _table({"cron": TEXT, "timezone": TEXT, "slug": TEXT}, {"parameters": {"type": "object"}})
TRIGGER = _table(
    {
        "type": {"const": "event"},
        "enabled": {"const": True},
        "posture": {"const": "Reactive"},
        "expect": {"type": "array", "items": {"pattern": r"^prefect\.flow-run\.[A-Z]\w+$"}, "minItems": 1},
        "match": {"type": "object", "minProperties": 1},
        "match_related": {"type": "object", "minProperties": 1},
        "for_each": {"type": "array", "items": TEXT},
        "threshold": {"const": 1},
        "within": {"const": 0},
        "parameters": {"type": "object", "minProperties": 1},
    }
)
DEPLOYMENT = _table(
    {
        "name": TEXT,
        "entrypoint": {"type": "string", "pattern": r"^flows\.[a-z_]+\.[a-z_]+$"},
        "description": TEXT,
        "tags": {
            "type": "array",
            "prefixItems": [{"pattern": "^owner:"}, {"pattern": "^tier:"}],
            "items": TEXT,
            "minItems": 2,
        },
        "work_pool": _table({"name": {"const": POOL}, "job_variables": _table({"env": _table(ENVIRONMENT)})}),
        "concurrency_limit": _table({"limit": {"const": 1}, "collision_strategy": {"enum": ["ENQUEUE", "CANCEL_NEW"]}}),
    },
    {
        "schedules": {"type": "array", "items": SCHEDULE, "minItems": 1},
        "parameters": {"type": "object"},
        "triggers": {"type": "array", "items": TRIGGER, "minItems": 1},
    },
)
PULL = _table({"prefect.deployments.steps.set_working_directory": _table({"directory": TEXT})})
SCHEMA = _table(
    {
        "name": TEXT,
        "prefect-version": TEXT,
        "pull": {"type": "array", "items": PULL, "minItems": 1},
        "definitions": {"type": "object"},
        "deployments": {"type": "array", "items": DEPLOYMENT, "minItems": 1},
    }
)
PLAN: dict[str, Any] = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
BY_NAME: dict[str, dict[str, Any]] = {deployment["name"]: deployment for deployment in PLAN["deployments"]}


def flow_files() -> set[str]:
    """The files of flows/ that declare the flow they are named after."""
    return {
        path.stem
        for path in (ROOT / "flows").glob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.AsyncFunctionDef) and node.name == path.stem and node.decorator_list
    }


def test_prefect_yaml_has_only_known_keys_and_every_required_one() -> None:
    assert list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(PLAN)) == []


@pytest.mark.parametrize("misspelt", ["concurency_limit", "schedule", "work-pool"])
def test_a_misspelt_key_is_refused(misspelt: str) -> None:
    wrong = {**PLAN, "deployments": [{**PLAN["deployments"][0], misspelt: 1}]}
    with pytest.raises(jsonschema.ValidationError, match=misspelt):
        jsonschema.Draft202012Validator(SCHEMA).validate(wrong)


def test_every_flow_is_deployed_under_its_own_name() -> None:
    modules = {name: name.replace("-", "_") for name in BY_NAME}
    assert set(modules.values()) == flow_files()
    assert all(BY_NAME[name]["entrypoint"] == f"flows.{module}.{module}" for name, module in modules.items())


@pytest.mark.parametrize("deployment", PLAN["deployments"], ids=lambda deployment: deployment["name"])
def test_every_entrypoint_is_a_flow_with_a_timeout_and_takes_the_parameters(deployment: dict[str, Any]) -> None:
    from prefect import Flow

    module, name = deployment["entrypoint"].rsplit(".", 1)
    flow = getattr(importlib.import_module(module), name)
    assert isinstance(flow, Flow)
    assert flow.timeout_seconds
    given = [deployment.get("parameters", {}), *(s.get("parameters", {}) for s in deployment.get("schedules", []))]
    assert {key for parameters in given for key in parameters} <= set(flow.parameters.properties)


def test_retry_delays_grow_exponentially_and_prefect_reads_them_as_a_list() -> None:
    from prefect.settings.models.tasks import TasksSettings

    env = BY_NAME["nightly"]["work_pool"]["job_variables"]["env"]
    settings = TasksSettings(
        default_retries=env["PREFECT_TASKS_DEFAULT_RETRIES"],
        default_retry_delay_seconds=env["PREFECT_TASKS_DEFAULT_RETRY_DELAY_SECONDS"],
    )
    delays = settings.default_retry_delay_seconds
    assert isinstance(delays, list)
    assert len(delays) == settings.default_retries
    assert all(later >= 2 * earlier for earlier, later in itertools.pairwise(delays))


def test_nightly_runs_at_eight_utc_and_ingestion_every_hour() -> None:
    assert [(s["cron"], s["timezone"]) for s in BY_NAME["nightly"]["schedules"]] == [("0 8 * * *", "UTC")]
    minute, *rest = BY_NAME["ingestion"]["schedules"][0]["cron"].split()
    assert minute.isdigit()
    assert rest == ["*"] * 4


@pytest.mark.parametrize(
    "project", [None, "", "shop", "my shop", "a/b", "*", "-", "100 % Käse?", "{{ x }}", 'it\'s "it"']
)
def test_the_automation_s_word_on_a_run_is_understood_whatever_its_project_is_called(project: str | None) -> None:
    (trigger,) = next(each for each in PLAN["deployments"] if each["name"] == "alerting")["triggers"]
    run = {"id": "1-2", "parameters": {"project": project}, "state": {"message": "it  broke\nbadly"}}
    about = {"event": {"event": "prefect.flow-run.Failed"}, "deployment": {"name": "nightly"}, "flow_run": run}
    said = render_user_template_sync(trigger["parameters"]["happened"], about)
    assert FlowRun.parse(said) == FlowRun("Failed", "nightly", "1-2", project or "", "it  broke\nbadly")
