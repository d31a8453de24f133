"""Nightjar's own runs: what Prefect's automation says of one becomes an alert, or the end of one."""

from dataclasses import dataclass, replace
from urllib.parse import unquote

from tasks.alerts.life_cycle import Book, digest, renewable
from tasks.alerts.rule import Rule
from tasks.shared.alert_history import AlertEvent, Happening
from tasks.shared.errors import ConfigurationError

BAD = {"Failed": "failed", "Crashed": "crashed", "TimedOut": "ran out of time", "Late": "has not started in time"}
GOOD = "Completed"
# No name is written like that: of a project's, everything odd is quoted as in a URL.
NOBODY = "*"


@dataclass(frozen=True)
class FlowRun:
    """What became of a run: its state, its deployment, and which project it works on (empty: the settings')."""

    state: str
    deployment: str
    run_id: str
    project: str = ""
    message: str = ""

    @classmethod
    def parse(cls, text: str) -> "FlowRun":
        """Read `prefect.flow-run.Failed nightly <id> <project or *> <message>`, as prefect.yaml writes it.

        The project is quoted as in a URL: `my%20shop`.

        Raises:
            ConfigurationError: the text is not like that.
        """
        parts = text.split(maxsplit=4)
        state = parts[0].rpartition(".")[2] if parts else ""
        if len(parts) < 4 or state not in {*BAD, GOOD}:
            raise ConfigurationError(
                f"{text!r} does not tell of a flow run. Write: <state> <deployment> <run id> <project or *> <message>, "
                f"the project as in a URL (my%20shop); states are {', '.join((*BAD, GOOD))}."
            )
        project = "" if parts[3] == NOBODY else unquote(parts[3])
        return cls(state, parts[1], parts[2], project, parts[4].strip() if len(parts) > 4 else "")

    @property
    def sentence(self) -> str:
        """What happened."""
        if self.state == GOOD:
            return f"{self.deployment}: a run completed. Well again."
        said = f"{self.deployment}: a run {BAD[self.state]}."
        return f"{said} {self.message}" if self.message and self.state != "Late" else said


def events_of_run(book: Book, rule: Rule, run: FlowRun) -> list[AlertEvent]:
    """What the run means for the alert on its deployment: one is open at a time, and a run that completes ends it.

    Another run that fails tells of it again as rarely as of anything that lasts.
    """
    series = f"deployment={run.deployment}"
    alert = next((a for a in book.alerts.values() if a.open and a.key == (rule.name, series)), None)
    if (run.state == GOOD and alert is None) or (run.state != GOOD and alert and not renewable(book, alert, book.now)):
        return []
    happened: Happening = "resolved" if run.state == GOOD else "renewed" if alert else "raised"
    alert_id = alert.alert_id if alert else digest(book.project, rule.name, series, run.run_id)
    unique = digest(alert_id, run.run_id, run.state)
    if any(each.event_id == unique for each in book.events):
        return []
    event = book.event(alert_id, happened, book.now, rule, series=series, message=run.sentence, alert=alert)
    return [replace(event, event_id=unique)]
