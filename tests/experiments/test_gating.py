"""A verdict taken from the lake, kept once, and written for CI."""

from dataclasses import replace

import orjson
import pytest

from tasks.experiments.gating import (
    Case,
    demanding,
    files_of,
    raise_unless_passed,
    take_verdict,
    verdict_receipt,
    write_files,
)
from tasks.shared.errors import ConfigurationError, GateFailed, Inconclusive
from tasks.shared.settings import GateSettings, LakeSettings, Settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.stage import Stage
from tasks.shared.store.tables import VERDICTS
from tests.experiments.sides import gate
from tests.experiments.stored import PROJECT, answers, identifier, store

CASE = Case("prompts", PROJECT, identifier("base"), identifier("cand"))


@pytest.fixture
def settings(tmp_path):
    return Settings(lake=LakeSettings(root=str(tmp_path / "lake")))


@pytest.fixture
def lake(settings):
    return Lake.open(settings.lake)


def compared(lake, baseline, candidate):
    store(lake, "base", answers(*baseline))
    store(lake, "cand", answers(*candidate))


def taken(settings, asked=None, case=CASE):
    return take_verdict(settings, asked or gate(0.1), case, show=lambda **_: None)


def test_the_same_numbers_are_kept_once_with_the_time_of_the_first(settings, lake):
    compared(lake, [1.0] * 60, [1.0] * 60)
    first, again = taken(settings), taken(settings)
    assert again == orjson.loads(orjson.dumps(first))
    (row,) = lake.read(VERDICTS, PROJECT).to_pylist()
    assert orjson.loads(row["document"]) == again
    assert {name: row[name] for name in ("verdict_id", "gate", "verdict", "dataset", "dataset_version")} == {
        "verdict_id": first["verdict_id"], "gate": "prompts", "verdict": "pass",
        "dataset": "golden", "dataset_version": "golden-2026-11-18",
    }  # fmt: skip
    taken(settings, gate(0.2))
    assert lake.read(VERDICTS, PROJECT).num_rows == 2


@pytest.mark.parametrize(
    ("candidate", "outcome", "error"),
    [
        ([1.0] * 60, "pass", None),
        ([0.0] * 60, "fail", GateFailed),
        ([1.0] * 54 + [0.0] * 6, "inconclusive", Inconclusive),
    ],
)
def test_the_exit_code_is_the_verdicts(settings, lake, candidate, outcome, error):
    compared(lake, [1.0] * 60, candidate)
    found = verdict_receipt(taken(settings), PROJECT)
    assert found.ids["outcome"] == outcome
    assert found.notes[0].startswith(f"gate prompts: {outcome}. valid ")
    if error is None:
        raise_unless_passed(found)
        return
    with pytest.raises(error, match=rf"Verdict {found.ids['verdict']}") as raised:
        raise_unless_passed(found)
    assert (raised.value.verdict_id, raised.value.exit_code) == (found.ids["verdict"], 1 if outcome == "fail" else 2)


def test_a_run_that_dies_while_it_writes_is_made_up_for_by_the_next(settings, lake, monkeypatch):
    compared(lake, [1.0] * 60, [1.0] * 60)
    with monkeypatch.context() as dying:
        dying.setattr(Stage, "publish", die)
        with pytest.raises(SystemExit):
            taken(settings)
    assert lake.read(VERDICTS, PROJECT).num_rows == 0
    said = taken(settings)
    assert [row["verdict_id"] for row in lake.read(VERDICTS, PROJECT).to_pylist()] == [said["verdict_id"]]


def die(_stage):
    raise SystemExit


def test_what_kept_the_experiments_from_being_run_is_said(settings):
    with pytest.raises(Inconclusive, match=r"experiment .* is not in the lake"):
        taken(settings)
    with pytest.raises(Inconclusive, match="the budget is spent") as raised:
        taken(settings, case=replace(CASE, doubts=("the budget is spent",)))
    assert raised.value.verdict_id == ""


def test_doubts_of_the_experiments_are_those_of_the_verdict(settings, lake):
    compared(lake, [1.0] * 60, [1.0] * 60)
    found = verdict_receipt(taken(settings, case=replace(CASE, doubts=("a canary sang",))), PROJECT)
    assert (found.ids["outcome"], found.doubts) == ("inconclusive", ("a canary sang",))


def test_the_files_are_for_machines_and_people_and_hold_no_password(settings, lake, tmp_path):
    compared(lake, [1.0] * 60, [0.0] * 60)
    said = taken(settings)
    files = files_of(said, "http://user:secret@phoenix:6006/")
    write_files(files, tmp_path / "out" / "gate")
    written = {path.name: path.read_bytes() for path in (tmp_path / "out" / "gate").iterdir()}
    assert written == files
    assert tuple(files) == ("verdict.json", "comment.md", "junit.xml")
    assert orjson.loads(written["verdict.json"])["verdict_id"] == said["verdict_id"]
    assert b"secret" not in b"".join(written.values())
    trace = said["metrics"][0]["flips"][0]["candidate_trace"]
    assert f"http://phoenix:6006/redirects/traces/{trace}".encode() in written["comment.md"]


def test_an_output_that_is_no_folder_is_said_to_be(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_files({"verdict.json": b""}, tmp_path / "file")


def test_a_gate_that_demands_nothing_is_refused():
    with pytest.raises(ConfigurationError, match=r"gate 'prompts' demands nothing: gates\.prompts\.metrics is empty"):
        demanding(GateSettings(), "prompts")
    assert demanding(gate(), "prompts") == gate()
