"""One run of the alert stage on a small lake, without Prefect: measured, evaluated, told."""

import datetime as dt
from pathlib import Path
from typing import Any

from tasks.alerts.evaluating import Clock, Evaluated, evaluate
from tasks.alerts.measuring import measure
from tasks.alerts.rulebook import rulebook_of
from tasks.alerts.telling import Told, tell, untold
from tasks.shared.records import Window
from tasks.shared.settings import LakeSettings, Settings
from tasks.shared.store.lake import Lake
from tests.alerts.hours import PROJECT

ONLY_ERRORS = {"error_rate": {"condition": "> 5 %"}}


def settings_below(folder: Path, channels: dict[str, Any] | None = None, **alerts: Any) -> Settings:
    """A lake below *folder*, a channel that writes files there, and the error rate as the only rule."""
    from tasks.alerts.rulebook import shipped_rules

    others = {name: {"enabled": False} for name in shipped_rules() if name not in ONLY_ERRORS}
    known = channels or {"files": {"kind": "file", "folder": str(folder / "told")}}
    return Settings(
        project=PROJECT,
        lake=LakeSettings(root=str(folder / "lake")),
        channels=known,
        alerts={"channels": list(known), "rules": {**others, **ONLY_ERRORS}, **alerts},
    )


def run(settings: Settings, closed: dt.datetime, window: Window | None = None) -> tuple[Evaluated, Told]:
    """A run at the time *closed*; on *window* alone if one is given."""
    lake, now = Lake.open(settings.lake), closed + dt.timedelta(minutes=15)
    measure(lake, PROJECT, settings, window.end if window else closed, 3)
    clock = Clock(now, window.end if window else closed, window)
    done = evaluate(lake, PROJECT, settings, rulebook_of(settings), clock)
    return done, tell(lake, settings, untold(lake, PROJECT, settings, now))


def told(folder: Path) -> list[str]:
    """The titles of what the channel was told, in the order of the messages' ids."""
    return sorted(path.read_text().split('"title": "')[1].split('"')[0] for path in folder.rglob("message.json"))
