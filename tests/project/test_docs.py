"""The documentation says what the code does: tables, links, commands, settings and examples."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from docs.reference import BLOCK, BLOCKS, PAGES, ROOT, TARGET, rewritten
from docs.setting_tables import setting_fields
from flows.__main__ import flow_summaries
from flows.alert_commands import alerts
from flows.knowledge_commands import guidelines, sync_commands
from flows.prompt_commands import prompts
from tasks.evaluate.catalogue import Ready, check
from tasks.evaluate.undecided import undecided
from tasks.reports.evidence import Evidence
from tasks.shared.channels.channel import known_channels
from tasks.shared.records import Evaluator, Window
from tasks.shared.settings import Settings, load_settings
from tasks.shared.store.lake import Lake

EVERY_PAGE = (*PAGES, ROOT / "CHANGELOG.md")
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Variables that are no settings: where the settings file is, and where deployed runs work.
OTHER_VARIABLES = {"NIGHTJAR_CONFIG", "NIGHTJAR_HOME"}
LARGEST_PICTURE_BYTES = 300_000


def by_page(pages=EVERY_PAGE):
    return pytest.mark.parametrize("page", pages, ids=lambda page: str(page.relative_to(ROOT)))


def blocks_of(language: str) -> Iterator[tuple[str, str]]:
    """Where a code block of *language* stands, and its text."""
    for page in EVERY_PAGE:
        for number, (tag, text) in enumerate(FENCE.findall(page.read_text(encoding="utf-8"))):
            if tag == language:
                yield f"{page.relative_to(ROOT)}, block {number}", text


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    prose = FENCE.sub("", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", h.lower()).strip().replace(" ", "-") for h in re.findall(r"^#+ (.*)$", prose, re.M)}


@by_page(PAGES)
def test_generated_tables_are_what_the_code_says(page):
    text = page.read_text(encoding="utf-8")
    assert rewritten(text) == text, f"{page.name} is out of date: run `make docs`"


@by_page(PAGES)
def test_every_marker_opens_a_block_that_is_written(page):
    text = page.read_text(encoding="utf-8")
    assert len(BLOCK.findall(text)) == text.count("<!-- begin:") == text.count("<!-- end -->")


def test_everything_that_can_be_generated_is_shown_somewhere():
    shown = {name for page in PAGES for _, name, _ in BLOCK.findall(page.read_text(encoding="utf-8"))}
    assert shown == set(BLOCKS)


def test_a_table_that_lags_behind_is_noticed():
    stale = "<!-- begin: sections -->\n\n| section | what it shows |\n\n<!-- end -->"
    assert "Data quality" in rewritten(stale)


@by_page()
def test_every_link_and_picture_leads_somewhere(page):
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {link}"
        assert not anchor or anchor in anchors(target), f"{page.name} links to {link}"


def test_every_page_is_reached_from_the_readme():
    reached, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        reached.add(page)
        links = LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
        found = {(page.parent / link.partition("#")[0]).resolve() for link in links if not link.startswith("http")}
        todo += [path for path in found if path.suffix == ".md" and path not in reached]
    assert reached >= set(EVERY_PAGE)


def test_pictures_are_shown_and_small():
    text = "".join(page.read_text(encoding="utf-8") for page in EVERY_PAGE)
    for picture in (ROOT / "docs" / "pictures").iterdir():
        assert f"pictures/{picture.name})" in text, picture.name
        assert picture.stat().st_size <= LARGEST_PICTURE_BYTES, picture.name


@by_page()
def test_every_make_target_named_exists(page):
    known = {name for name, _ in TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8"))}
    named = set(re.findall(r"(?:`|^|\w=\S+ )make ([a-z-]+)", page.read_text(encoding="utf-8"), re.M))
    assert named <= known


@by_page()
def test_every_flow_and_option_named_on_a_command_line_exists(page):
    text = page.read_text(encoding="utf-8")
    flows = set(flow_summaries(ROOT / "flows"))
    commands = {*flows, "why", *APPS, *READING}
    for command in re.findall(r"-m flows ([^\n`]+)", text):
        name, *words = command.split()
        if name == "--help":
            continue
        assert name in commands, command
        options = options_in(name, words[0]) if name in APPS and words else options_of(name) if words else set()
        assert {word for word in words if word.startswith("--")} <= options, command
    deployed = {d["name"] for d in yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]}
    for flow, deployment in re.findall(r"deployment run '([\w-]+)/([\w-]+)'", text):
        assert flow in flows
        assert deployment in deployed


APPS = {"alerts": alerts, "guidelines": guidelines, "prompts": prompts, "sync": sync_commands}
READING = {"tokens": "token_commands.py", "examples": "token_commands.py"}


def options_of(command: str) -> set[str]:
    """The options of `python -m flows <command>`, from the signature of the flow, or of the command that is none."""
    name = command.replace("-", "_")
    other = READING.get(command, "__main__.py")
    path = ROOT / "flows" / (f"{name}.py" if command in flow_summaries(ROOT / "flows") else other)
    body = ast.parse(path.read_text(encoding="utf-8")).body
    signature = next(n.args for n in body if isinstance(n, ast.AsyncFunctionDef | ast.FunctionDef) and n.name == name)
    named = [argument.arg for argument in (*signature.args, *signature.kwonlyargs)]
    return {f"--{name.replace('_', '-')}" for name in named} | {"--json", "--help"}


def options_in(app: str, command: str) -> set[str]:
    """The options of `python -m flows <app> <command>`."""
    return {name for argument in APPS[app][command].assemble_argument_collection() for name in argument.names}


def test_every_command_of_the_simulator_named_exists():
    answer = subprocess.run(
        [sys.executable, "-m", "deployments.simulator", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for page in EVERY_PAGE:
        for command in re.findall(r"-m deployments\.simulator (\w+)", page.read_text(encoding="utf-8")):
            assert f" {command} " in answer.stdout, command


@pytest.mark.parametrize(("where", "text"), [pytest.param(*block, id=block[0]) for block in blocks_of("toml")])
def test_every_toml_block_is_a_settings_file(where, text, tmp_path, monkeypatch):
    (tmp_path / "nightjar.toml").write_text(text)
    monkeypatch.setenv("NIGHTJAR_CONFIG", str(tmp_path / "nightjar.toml"))
    settings = load_settings()
    for key, value in tomllib.loads(text).items():
        assert not isinstance(value, str) or getattr(settings, key) == value, f"{where}: {key}"


def test_every_setting_named_in_prose_exists():
    keys = {key for key, _ in setting_fields()}
    tables = {key.partition(".")[0] for key in keys if "." in key}
    variables = "|".join(re.sub(r'"?<\w+>"?', r"\\w+?", key.replace(".", "__").upper()) for key in keys)
    channel_keys = "|".join(key.upper() for kind in known_channels().values() for key in kind.options.model_fields)
    for page in EVERY_PAGE:
        prose = page.read_text(encoding="utf-8")
        known = rf"NIGHTJAR_(?:{variables}|CHANNELS__\w+?__(?:{channel_keys}))"
        told = set(re.findall(r"NIGHTJAR_[A-Z][A-Z_0-9]+", prose)) - OTHER_VARIABLES
        assert not [name for name in told if not re.fullmatch(known, name)], page.name
        named = re.findall(r"`([a-z]+\.[a-z_]+)`", prose)
        files = (".py", ".sql", ".toml")
        dotted = {name for name in named if name.partition(".")[0] in tables and not name.endswith(files)}
        assert dotted <= keys, page.name


def test_settings_have_a_default_and_a_meaning():
    for key, field in setting_fields():
        assert field.description or key.startswith("prices."), key
        assert not field.is_required() or "<" in key, f"{key}: only a table that somebody adds may ask for something"
    assert {key.partition(".")[0] for key, _ in setting_fields()} == set(Settings.model_fields)


@pytest.mark.parametrize(("where", "text"), [pytest.param(*block, id=block[0]) for block in blocks_of("python")])
def test_every_python_example_runs(where, text, tmp_path, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_CONFIG", str(tmp_path / "nightjar.toml"))
    monkeypatch.setenv("NIGHTJAR_LAKE__ROOT", str(tmp_path / "lake"))
    names = {"Evaluator": Evaluator, "my_phoenix_evaluator": float}
    exec(compile(text, where, "exec"), names)
    lake, day = Lake.open(load_settings().lake), Window.parse("2026-11-19")
    if "EVALUATOR" in names:
        check("example", names["EVALUATOR"])
        units = undecided(lake, "example", day, Ready("example", names["EVALUATOR"], {}))
        assert set(names["EVALUATOR"].needs) <= set(units.column_names)
    if "SECTION" in names:
        (table,) = names["SECTION"].build(Evidence.open(load_settings(), "example", day))
        assert table.columns


def test_the_operations_page_tells_the_same_of_every_flow():
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for flow in flow_summaries(ROOT / "flows"):
        part = page.partition(f"\n### {flow}\n")[2].partition("\n### ")[0].partition("\n## ")[0]
        for question in ("When", "Safe to run again", "Backfill", "What can go wrong"):
            assert f"**{question}:**" in part, f"{flow}: {question}"
