"""The SQL of the simulated chat against its schema, in PostgreSQL."""

import random
import re
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.local import processes
from deployments.local.postgres import Postgres, embedded
from deployments.simulator import chat
from deployments.simulator.prompt_file import prompt_file
from deployments.simulator.questions import QUESTIONS, values_for
from tasks.shared.errors import ServiceUnavailable

VALUES = values_for(random.Random(1))
every_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.text[:30])


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="nj-pg-") as path:
        server = embedded(Path(path) / "pg")
        server.ask(Path(chat.__file__).with_name("schema.sql").read_text())
        yield server
        processes.stop(processes.started(server.pid), signal.SIGINT)


@every_question
@pytest.mark.parametrize("sort", ["good", "wrong_logic"])
def test_good_and_wrong_logic_sql_fits_the_schema(database, question, sort):
    assert "cost=" in database.ask("EXPLAIN " + question.written(sort, VALUES))


@every_question
def test_unknown_column_sql_is_refused_for_its_column(database, question):
    with pytest.raises(ServiceUnavailable, match=r"column .* does not exist"):
        database.ask("EXPLAIN " + question.written("unknown_column", VALUES))


@every_question
def test_a_good_query_returns_the_columns_it_declares(database, question):
    made = f"CREATE TEMP TABLE answer AS {question.written('good', VALUES)};"
    listed = "SELECT attname FROM pg_attribute WHERE attrelid = 'answer'::regclass AND attnum > 0 ORDER BY attnum"
    assert tuple(database.ask(made + listed).split()) == question.columns


@every_question
def test_wrong_logic_is_another_query(question):
    assert question.written("wrong_logic", VALUES) != question.written("good", VALUES)


@every_question
def test_the_question_names_every_value_its_sql_uses(question):
    values = {key: f"<{key}>" for key in VALUES}
    used = {value for value in values.values() if value in question.written("good", values)}
    assert used == {value for value in values.values() if value in question.text.format(**values)}


def test_the_prompts_schema_is_the_databases():
    in_prompt = re.sub(r"\s*--[^\n]*", "", prompt_file().sections["schema"])
    in_database = re.sub(r"--[^\n]*", "", Path(chat.__file__).with_name("schema.sql").read_text())
    assert in_prompt.split() == in_database.split()
