"""A judge that is changed is another judge: the lake remembers what each version asked, and which model."""

import datetime as dt
import json
import re
from typing import Any

from pydantic import ValidationError

from tasks.evaluate.judge import Judge
from tasks.shared.errors import ConfigurationError
from tasks.shared.settings import JudgeSettings
from tasks.shared.store.lake import Lake


def model_names(judge: Judge, settings: JudgeSettings) -> list[str]:
    """The judge's model and, where there is one, its fallback."""
    names = (judge.model or settings.model, judge.fallback or settings.fallback)
    return list(dict.fromkeys(name for name in names if name))


def in_use(judge: Judge, lake: Lake, settings: JudgeSettings) -> Judge:
    """The judge as its decisions are kept: under its version, or one of its own for another model than at first.

    Another model is another judge, though the question is the same: `1` of `openai/gpt-4o-mini` becomes
    `1-openai-gpt-4o`. Back at the first model it is `1` again.
    """
    record = _recorded(judge, lake)
    model = model_names(judge, settings)[0]
    if record is None or record.get("model", model) == model:
        return judge
    return judge.renewed(version=f"{judge.version}-{re.sub(r'[^A-Za-z0-9_.-]+', '-', model)}")


def remember_version(judge: Judge, lake: Lake, settings: JudgeSettings) -> Judge:
    """Record what this version of the judge asks, and which model; returns the judge `in_use`.

    Raises:
        ConfigurationError: The version asked something else before.
    """
    before = _recorded(judge, lake)
    if before is not None and before["digest"] != judge.digest:
        raise ConfigurationError(_edited(judge, before["question"]))
    used, model = in_use(judge, lake, settings), model_names(judge, settings)[0]
    record = _recorded(used, lake)
    if record is None or "model" not in record:
        lake.put_file(_path(used), json.dumps({**(record or _record(used)), "model": model}, indent=1).encode())
    return used


def earlier_version(judge: Judge, lake: Lake) -> Judge | None:
    """The version of the judge that was first used last before this one, as it was then; None without one.

    A version that today's Nightjar cannot read any more counts as none.
    """
    own, records = _recorded(judge, lake), []
    for name in lake.file_names("judges"):
        title = name.removesuffix(".json")
        if title.partition("@")[0] == judge.name and title != judge.title and name.count(".json") == 1:
            content = lake.get_file(f"judges/{name}")
            record = json.loads(content) if content else {}
            if "judge" in record and (own is None or record["since"] < own["since"]):
                asked = {"model": record["model"]} if "model" in record else {}
                records.append((record["since"], {**record["judge"], **asked}))
    for _, recorded in sorted(records, key=lambda record: record[0], reverse=True):
        try:
            return Judge.model_validate(recorded)
        except ValidationError:
            continue
    return None


def overlap_so_far(lake: Lake, judge: Judge) -> int:
    """How many units the earlier version scored beside this one."""
    content = lake.get_file(f"overlaps/{judge.title}.json")
    return int(json.loads(content)["units"]) if content else 0


def count_overlap(lake: Lake, judge: Judge, units: int) -> None:
    """Add *units* to them."""
    content = {"units": overlap_so_far(lake, judge) + units}
    lake.put_file(f"overlaps/{judge.title}.json", json.dumps(content).encode())


def _edited(judge: Judge, asked: dict[str, Any]) -> str:
    keys = [key for key in Judge.model_fields if judge.question.get(key) != asked.get(key)]
    why = f" (a new phoenix-evals may have changed its metric {judge.metric})" if judge.metric else ""
    return (
        f"judges/{judge.name}.yaml: {', '.join(keys)} changed{why}, and version is still {judge.version!r}: answers to "
        "two questions would be taken for one. Raise version, or undo the change."
    )


def _path(judge: Judge) -> str:
    return f"judges/{judge.title}.json"


def _recorded(judge: Judge, lake: Lake) -> dict[str, Any] | None:
    content = lake.get_file(_path(judge))
    return json.loads(content) if content else None


def _record(judge: Judge) -> dict[str, Any]:
    since = dt.datetime.now(dt.UTC).isoformat()
    return {"digest": judge.digest, "question": judge.question, "since": since, "judge": judge.whole}
