"""`make screenshots`: pictures of the running stack for the README, taken in headless Chromium.

Run `make demo` and its three followers first: the pictures show the project of the settings, on the last day that has a
report.
"""

import datetime as dt
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cyclopts import App
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from deployments.local import addresses
from deployments.local.demo import incident_day
from deployments.local.demo_gates import GATE, PROMPT
from deployments.local.parts import FOLDER
from deployments.local.stack import Stack
from deployments.local.state import State
from tasks.shared.errors import ConfigurationError, NightjarError, ServiceUnavailable
from tasks.shared.gateways.mlflow import Mlflow
from tasks.shared.gateways.phoenix import trace_url
from tasks.shared.gateways.phoenix.links import comparison_url
from tasks.shared.records import Window
from tasks.shared.settings import Settings, load_settings
from tasks.shared.store.lake import Lake

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
PICTURES = Path(__file__).parent / "pictures"
WIDTH, HEIGHT = 1400, 900
PATIENCE_SECONDS = 120.0
STILL_SECONDS = 2.0
# The trace with the most failing scores, on its spans and as a whole: what the evaluators said is in view.
WORST_TRACE = """
SELECT trace_id FROM decisions WHERE score = 0 AND direction = 'maximize'
GROUP BY trace_id HAVING bool_or(unit = 'trace') ORDER BY count(*) DESC, trace_id LIMIT 1
"""
COLUMNS = tuple(
    f"metrics.`{name}`"
    for name in ("spans", "error_rate/spans", "latency_ms/p95", "cost_usd", "score/no_error", "score/refusal")
)
CHANGE = "difference/score/sql_matches_expected"
GATE_COLUMNS = (
    *(f"tags.`nightjar.{name}`" for name in ("verdict", "dataset_version")),
    *(f"metrics.`{name}`" for name in (CHANGE, f"{CHANGE}.low", f"{CHANGE}.high", f"{CHANGE}.n")),
)
FAILURE_COLUMNS = tuple(
    f"metrics.`{name}`"
    for name in ("runs", "failures", "failures/rate", "failures/step/llm", "failures/step/tool", "attribution_accuracy")
)
NEWEST_PASS = """
SELECT v.gate, v.dataset, v.baseline, v.candidate, first.phoenix_dataset_id AS dataset_id,
    first.phoenix_experiment_id AS first, second.phoenix_experiment_id AS second
FROM verdicts v
JOIN experiments first ON first.experiment = v.baseline JOIN experiments second ON second.experiment = v.candidate
WHERE v.verdict = 'pass' AND v.gate = $gate ORDER BY v.start_time DESC LIMIT 1
"""
# Plotly shows its toolbar where no mouse is.
NO_TOOLBARS = "document.head.insertAdjacentHTML('beforeend', '<style>.modebar { display: none !important }</style>')"
CLICK = """
const shown = [...document.querySelectorAll('*')].map(e => [e, (e.innerText ?? '').trim()]);
const exact = shown.filter(([, text]) => text == arguments[0]);
const headed = shown.filter(([, text]) => text.startsWith(arguments[0] + '\\n'));
(exact.at(-1) ?? headed.at(-1))[0].click();
"""
app = App(name="python -m docs.screenshots", help=__doc__, version_flags=[])
Act = Callable[["Browser"], None]


@dataclass(frozen=True)
class Page:
    """A page to take a picture of.

    `storage` is put into the browser's local storage beforehand, `act` is done once `text` is there, and the picture
    is taken when nothing moves any more.
    """

    picture: str
    url: str
    text: str
    storage: dict[str, str]
    act: Act | None = None


class Browser:
    """Headless Chromium, light, at one size."""

    def __init__(self) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "hide-scrollbars"):
            options.add_argument(f"--{argument}")
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        light = {"features": [{"name": "prefers-color-scheme", "value": "light"}]}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", light)

    def open(self, page: Page) -> None:
        """Load the page with its local storage."""
        if page.storage:
            self.driver.get(page.url)
            self.driver.execute_script(
                "Object.entries(arguments[0]).forEach(([k, v]) => localStorage.setItem(k, v))", page.storage
            )
            self.driver.get("about:blank")
        self.driver.get(page.url)

    def wait_for(self, text: str) -> None:
        """Return when *text* is on the page. Raises ServiceUnavailable when it does not come."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in self._text():
            if time.monotonic() > deadline:
                raise ServiceUnavailable(f"{self.driver.current_url} does not show {text!r}. Look at it in a browser.")
            time.sleep(0.5)

    def click(self, text: str) -> None:
        """Click the innermost thing that says *text*, or begins with a line of it."""
        self.wait_for(text)
        # By what is shown, not by what the markup says: style sheets change letters to capitals.
        self.driver.execute_script(CLICK, text)

    def picture(self) -> bytes:
        """The page once it is still: placeholders that shimmer and charts that grow are over."""
        deadline, before = time.monotonic() + PATIENCE_SECONDS, b""
        while (now := self.driver.get_screenshot_as_png()) != before and time.monotonic() < deadline:
            before = now
            time.sleep(STILL_SECONDS)
        return now

    def _text(self) -> str:
        try:
            return self.driver.find_element(By.TAG_NAME, "body").text
        except StaleElementReferenceException:
            return ""


def pages(stack: Stack, settings: Settings, day: dt.date) -> list[Page]:
    """What the README shows, of the project of the settings on *day*."""
    project, mlflow = settings.project, Mlflow.open(settings, settings.project)
    worst = Lake.open(settings.lake).sql(WORST_TRACE, project, Window.of_day(day)).column(0)[0].as_py()
    experiment, trend = mlflow.experiment_url, mlflow.run_url(_trend_run(stack, settings))
    return [
        Page("report", addresses.report(settings, project, day), "At a glance", {}),
        Page("report-alerts", f"{addresses.report(settings, project, incident_day(day))}#alerts", "Open alerts", {}),
        Page(
            "phoenix",
            trace_url(stack.phoenix_url, worst),
            "Annotations",
            {"arize-phoenix-theme": "light"},
            _show_explanations,
        ),
        Page("mlflow", experiment, str(day), _mlflow_storage(experiment, "day", COLUMNS)),
        Page(
            "mlflow-trend",
            f"{trend}/model-metrics?workflowType=machine_learning",
            "Auto-refresh",
            _mlflow_storage(experiment, "trend", COLUMNS),
            _show_scores,
        ),
        Page(
            "prefect",
            addresses.flow_run(stack, _nightly_run(stack, day)),
            "nightly",
            {"color-scheme": json.dumps("light")},
            lambda browser: browser.click("Subflow Runs"),
        ),
        *gate_pages(stack, settings, experiment),
        *failure_pages(settings, experiment),
    ]


def gate_pages(stack: Stack, settings: Settings, experiment: str) -> list[Page]:
    """What the guides to gates show of `make demo-gates`; nothing where it has not run."""
    newest = Lake.open(settings.lake).sql(NEWEST_PASS, settings.project, None, {"gate": GATE}).to_pylist()
    if not newest:
        return []
    verdict, light = newest[0], {"arize-phoenix-theme": "light"}
    report = addresses.comparison(
        settings, settings.project, verdict["gate"], verdict["baseline"], verdict["candidate"]
    )
    compared = comparison_url(stack.phoenix_url, verdict["dataset_id"], (verdict["first"], verdict["second"]))
    return [
        Page("comparison", report, "At a glance", {}),
        Page("phoenix-experiments", compared, "sql_matches_expected", light),
        Page("phoenix-datasets", f"{stack.phoenix_url}/datasets", verdict["dataset"], light),
        Page("phoenix-prompts", f"{stack.phoenix_url}/prompts", PROMPT, light),
        Page("mlflow-comparisons", experiment, GATE, _mlflow_storage(experiment, "comparison", GATE_COLUMNS)),
    ]


def failure_pages(settings: Settings, experiment: str) -> list[Page]:
    """What the guide to failures shows of `make demo-failures`; nothing where it has not run."""
    report = addresses.failures(settings, settings.project)
    if not report.startswith("file:"):
        return []
    return [
        Page("failures", report, "Key insights", {}),
        Page("failures-transitions", f"{report}#transitions", "First failure", {}),
        Page("mlflow-failures", experiment, "failures of", _mlflow_storage(experiment, "failures", FAILURE_COLUMNS)),
    ]


@app.default
def take(
    *,
    phoenix_port: int | None = None,
    mlflow_port: int | None = None,
    prefect_port: int | None = None,
    only: str = "",
    into: Path = PICTURES,
) -> None:
    """Take the pictures of the stack that `make up` started, or of servers on other ports of this machine.

    Args:
        phoenix_port: Where Phoenix listens.
        mlflow_port: Where MLflow listens.
        prefect_port: Where Prefect listens.
        only: One picture instead of all.
        into: Folder to write to.
    """
    named = {"phoenix": phoenix_port, "mlflow": mlflow_port, "prefect": prefect_port}
    state = State.load(FOLDER)
    state.ports.update({name: port for name, port in named.items() if port})
    if missing := [name for name in named if name not in state.ports]:
        raise ConfigurationError(f"no local stack is known ({', '.join(missing)}). Run `make demo` first.")
    settings = load_settings()
    wanted = [p for p in pages(Stack(state, {}), settings, last_reported_day(settings)) if only in ("", p.picture)]
    browser = Browser()
    try:
        for page in wanted:
            browser.open(page)
            browser.wait_for(page.text)
            if page.act:
                page.act(browser)
            content = browser.picture()
            (into / f"{page.picture}.png").write_bytes(content)
            print(f"{page.picture}.png: {len(content) / 1000:,.0f} kB of {page.url}")
    finally:
        browser.driver.quit()


def last_reported_day(settings: Settings) -> dt.date:
    """The newest day of the settings' project with a report. Raises ConfigurationError when there is none."""
    pattern = f"reports/date=*/project={settings.project}/report.html"
    days = [path.parts[-3].removeprefix("date=") for path in settings.lake.local_root.glob(pattern)]
    if not days:
        raise ConfigurationError(f"{settings.lake.root} has no report of {settings.project}. Run `make demo` first.")
    return dt.date.fromisoformat(max(days))


def _show_explanations(browser: Browser) -> None:
    """Unfold the root span's annotations, as a table with what the evaluators said."""
    browser.click("Annotations")
    browser.click("Table")


def _show_scores(browser: Browser) -> None:
    """Leave only the charts of the mean scores; MLflow's search takes a regular expression."""
    browser.driver.execute_script(NO_TOOLBARS)
    browser.driver.find_element(By.CSS_SELECTOR, 'input[placeholder="Search metric charts"]').send_keys(
        "score/[a-z_]+$"
    )
    browser.driver.execute_script("document.activeElement.blur()")


def _mlflow_storage(experiment_url: str, kind: str, columns: Sequence[str]) -> dict[str, str]:
    """The table of the runs of one kind with a few telling columns, and no assistant beside it."""
    view = {
        "searchFilter": f"tags.`nightjar.kind` = '{kind}'",
        "orderByKey": "tags.`mlflow.runName`",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": list(columns),
    }
    return {
        "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
        "mlflow.assistant.panelOpen_v1": "false",
        f'MLflowLocalStorage-1.1-ExperimentPage-["{_experiment_id(experiment_url)}"]-ReactComponentState': json.dumps(
            view
        ),
    }


def _trend_run(stack: Stack, settings: Settings) -> str:
    """Id of the project's trend run."""
    experiment_id = (
        addresses.mlflow_experiment(stack, settings, settings.project).split("/experiments/")[1].split("/")[0]
    )
    body = {"experiment_ids": [experiment_id], "filter": "tags.`nightjar.kind` = 'trend'"}
    return str(_posted(f"{stack.mlflow_url}/api/2.0/mlflow/runs/search", body)["runs"][0]["info"]["run_id"])


def _experiment_id(url: str) -> str:
    """The id in the address of an experiment's page."""
    return url.partition("/experiments/")[2].partition("/")[0].partition("?")[0]


def _nightly_run(stack: Stack, day: dt.date) -> str:
    """Id of the last completed run of `nightly` for *day* alone."""
    body = {
        "flows": {"name": {"any_": ["nightly"]}},
        "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}},
        "sort": "START_TIME_DESC",
    }
    runs = _posted(f"{stack.prefect_api_url}/flow_runs/filter", body)
    return next(
        str(run["id"])
        for run in runs
        if run["parameters"].get("date") == str(day) and not run["parameters"].get("until")
    )


def _posted(url: str, body: dict[str, Any]) -> Any:
    return httpx.post(url, json=body, timeout=30, trust_env=False).raise_for_status().json()


def main() -> int:
    """Run the command line; returns the exit code."""
    try:
        app()
    except NightjarError as error:
        print(f"nightjar: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
