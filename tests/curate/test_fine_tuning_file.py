"""A fine-tuning file from a lake: what is in it, what is not, and that it is the same every time."""

import asyncio
import json
import re

import pytest

from tasks.curate.fine_tuning.exporting import folder_of, write_export
from tasks.shared.errors import CheckFailed, ConfigurationError, Inconclusive
from tasks.shared.settings import AnonymiseSettings, BudgetSettings, ExportSettings, Settings, SplitSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import SPANS
from tests.curate.liked_answers import NAME, WINDOW, answer, fill, liked_answers, question
from tests.providers import books, judge_settings, settings_with, simulated

PROJECT = "p"
FOLDER = "exports/project=p/form=openai/2026-11-18T00_2026-11-20T00"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("lake")


@pytest.fixture(scope="module")
def lake(root):
    lake = Lake.open(settings(root).lake)
    liked_answers(lake, PROJECT)
    return lake


@pytest.fixture(scope="module")
def exported(lake, root):
    return asyncio.run(write_export(settings(root), PROJECT, WINDOW, "run"))


def settings(root, anonymise=None, **rules) -> Settings:
    usual = {"spans": (NAME,), "smallest": 10, "model": "gpt-4o-mini"}
    made = settings_with(judge_settings("http://127.0.0.1:1"), root)
    changes = {"export": ExportSettings(**{**usual, **rules}), "anonymise": anonymise or AnonymiseSettings()}
    changes |= {"splits": SplitSettings()}
    return made.model_copy(update=changes)


def lines_of(lake, folder=FOLDER):
    return [json.loads(line) for line in lake.get_file(f"{folder}/training.jsonl").splitlines()]


def test_liked_answers_and_examples_are_written_masked_and_everything_else_is_left_out_and_counted(lake, exported):
    lines = lines_of(lake)
    assert exported.receipt.rows == len(lines) == 41  # spans 1 to 39, examples of 0 and 53
    assert {
        name: count for name, count in exported.receipt.counts.items() if name not in ("candidates", "training_tokens")
    } == {
        "spans": 47,
        "held_out": 2,
        "not_rated": 2,
        "taken_twice": 1,
        "other_split": 3,
        "without_answer": 1,
        "repeated": 1,
        "like_held_out": 1,
    }
    by_question = {line["messages"][0]["content"]: line["messages"][1]["content"] for line in lines}
    assert by_question[question(1)] == '{"sql":"SELECT 1 FROM t"}'
    assert by_question[question(0)] == '{"sql":"SELECT 0 FROM curated"}'
    (asked,) = (asked for asked in by_question if "EMAIL" in asked)
    mask = re.search(r"<EMAIL_[a-z]{8}>", asked)[0]
    assert by_question[asked] == f'{{"sql":"SELECT 7 FROM t WHERE owner = \'{mask}\'"}}'
    assert not {question(43), question(47), question(50), question(51), question(52)} & set(by_question)


def test_the_report_tells_checks_losses_lengths_tokens_and_cost(lake, exported):
    report = json.loads(lake.get_file(f"{FOLDER}/report.json"))
    assert report["passed"]
    assert report["examples"] == 41
    assert report["origins"] == {"golden-queries": 2, "spans": 39}
    assert report["lost"]["other_split"] == 3
    assert report["masked"] == {"EMAIL": 2}
    assert all(check["passed"] and check["checked"] == 41 for check in report["checks"])
    assert report["characters_per_token"]["n"] == 48
    assert report["characters_per_token"]["low"] < report["characters_per_token"]["high"]
    assert report["training"]["cost_usd"] == pytest.approx(report["training"]["tokens"] * 3 / 1e6)
    assert report["spreads"]["tokens"]["n"] == 41
    assert exported.markdown == lake.get_file(f"{FOLDER}/report.md").decode()
    for said in ("Tokens are an estimate", "anonymise.names is off", "Cost of training: about 0.0", "golden-queries"):
        assert said in exported.markdown


@pytest.mark.parametrize("killed_after", [0, 2])
async def test_what_a_killed_run_left_the_next_one_makes_good(lake, root, exported, monkeypatch, killed_after):
    folder = root / FOLDER
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(before) == ["report.json", "report.md", "training.jsonl"]
    for path in folder.iterdir():
        path.unlink()
    puts = iter(range(3))

    def put_file(self, path, content, put=Lake.put_file):
        if next(puts) == killed_after:
            raise KeyboardInterrupt
        return put(self, path, content)

    with monkeypatch.context() as patched:
        patched.setattr(Lake, "put_file", put_file)
        with pytest.raises(KeyboardInterrupt):
            await write_export(settings(root), PROJECT, WINDOW, "run")
    assert len(list(folder.iterdir())) == killed_after
    await write_export(settings(root), PROJECT, WINDOW, "another run")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


async def test_too_few_examples_are_refused_with_what_would_raise_them(lake, root):
    with pytest.raises(Inconclusive) as refused:
        await write_export(settings(root, smallest=500, form="bedrock"), PROJECT, WINDOW, "run")
    assert str(refused.value) == (
        "41 examples are left, fewer than export.smallest 500, so nothing was exported. Left out: "
        "3 in splits that stay unseen (export.splits); "
        "2 spans that are not rated high (more feedback or scores, export.rated, a longer lookback_days); "
        "1 spans that an example was made of; "
        "1 without an answer of the wanted form (export.spans, export.field); 1 the same as another one; "
        "1 nearly a question of a split that stays unseen (export.held_out_similarity)."
    )
    assert lake.file_names(folder_of(PROJECT, "bedrock", WINDOW)) == []


async def test_what_is_refused_leaves_no_file_of_an_earlier_run_to_train_on(lake, root):
    await write_export(settings(root, form="bedrock"), PROJECT, WINDOW, "run")
    assert "training.jsonl" in lake.file_names(folder_of(PROJECT, "bedrock", WINDOW))
    with pytest.raises(Inconclusive, match="nothing was exported and the earlier file of this window is removed"):
        await write_export(settings(root, smallest=500, form="bedrock"), PROJECT, WINDOW, "run")
    assert lake.file_names(folder_of(PROJECT, "bedrock", WINDOW)) == []


async def test_rules_of_ones_own_choose_otherwise(lake, root):
    rules = {"rated": "negative > 0", "smallest": 1, "datasets": ("my-own",), "form": "completion", "field": ""}
    rules |= {"system": "{{schema}}", "prompt": "Q: {{input}}"}
    exported = await write_export(settings(root, **rules), PROJECT, WINDOW, "run")
    (line,) = lines_of(lake, folder_of(PROJECT, "completion", WINDOW))
    assert line["prompt"] == f"CREATE TABLE t (a int)\n\nQ: {question(41)}"
    assert line["completion"] == "```sql\nSELECT 41 FROM t\n```"
    assert exported.receipt.counts["without_variables"] == 1  # the example has no schema


async def test_a_predicate_that_cannot_be_asked_is_refused(lake, root):
    with pytest.raises(ConfigurationError, match=r"export\.rated 'stars > 4' cannot be asked"):
        await write_export(settings(root, rated="stars > 4"), PROJECT, WINDOW, "run")


async def test_a_project_without_anything_is_refused_like_one_with_too_little(lake, root):
    with pytest.raises(Inconclusive, match=r"0 examples are left.*nothing was lost to a rule"):
        await write_export(settings(root), "empty", WINDOW, "run")


async def test_a_file_that_breaks_a_check_is_not_put_in_place_but_its_report_is(lake, root):
    rules = {"rated": "true", "smallest": 1, "prompt": "always the same", "similarity": 1.0, "form": "anthropic"}
    fill(lake, "odd", SPANS, [answer(i) for i in range(3)])
    lake.put_file(f"{folder_of('odd', 'anthropic', WINDOW)}/training.jsonl", b"of an earlier run")
    with pytest.raises(CheckFailed, match=r"breaks contradiction \(3 lines\) and was not put in place"):
        await write_export(settings(root, **rules), "odd", WINDOW, "run")
    assert lake.file_names(folder_of("odd", "anthropic", WINDOW)) == ["report.json", "report.md"]


async def test_with_a_judge_of_names_each_text_is_read_once_and_what_nobody_could_read_is_left_out(lake, root):
    asked = settings(root, AnonymiseSettings(names=True), smallest=3, largest=3)
    with simulated() as url:
        asked = asked.model_copy(update={"judges": judge_settings(url)})
        exported = await write_export(asked, PROJECT, WINDOW, "run")
        assert books(url)["answered"] == 3
        more = asked.export.model_copy(update={"smallest": 5, "largest": 5})
        poor = asked.model_copy(update={"export": more, "budget": BudgetSettings(per_run_usd=0.0)})
        with pytest.raises(Inconclusive, match=r"2 whose names nobody could list"):
            await write_export(poor, PROJECT, WINDOW, "poor")
        assert books(url)["answered"] == 3
    assert exported.receipt.rows == 3
    assert "anonymise.names is off" not in exported.markdown
