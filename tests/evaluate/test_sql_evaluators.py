"""The evaluators of SQL on a lake, as they run: which spans they ask about, and what their settings change."""

import datetime as dt

import duckdb
import pytest
from pydantic import SecretStr

from tasks.evaluate.catalogue import ready
from tasks.evaluate.decide import decide
from tasks.evaluate.scores import question
from tasks.evaluate.undecided import undecided
from tasks.shared.errors import ConfigurationError, ServiceUnavailable
from tasks.shared.records import UTC
from tasks.shared.settings import EvaluatorSettings, Settings
from tasks.shared.store.scratch import complaint_of_duckdb
from tasks.shared.store.tables import SPANS
from tests.evaluate.rows import DAY, span_row, span_table
from tests.evaluate.sql_cases import wrote

NOW = dt.datetime(2026, 11, 20, 8, tzinfo=UTC)
NOBODY = SecretStr("postgresql://user:s3cret@127.0.0.1:1/none")


def asking(name, **values):
    return ready(name, Settings().model_copy(update={"evaluators": EvaluatorSettings(**values)}))


def decided(lake, evaluator):
    rows = decide(evaluator, undecided(lake, "p", DAY, evaluator), NOW).to_pylist()
    return {row["unit_id"]: row["label"] or row["status"] for row in rows}


@pytest.fixture
def spans(lake):
    """Spans that write SQL, one that runs it, and one of another name."""
    rows = (
        span_row("good", name="bedrock.generate_sql", output="SELECT created_at FROM devices"),
        span_row("bad", name="bedrock.generate_sql", output="DELETE FROM devices"),
        span_row("refused", name="bedrock.generate_sql", output="I cannot do that."),
        span_row("failed", name="bedrock.generate_sql", status_code="ERROR"),
        span_row("mine", name="agent.write_query", output="SELECT 1"),
        span_row("ran", name="execute_sql", kind="TOOL", output="{}"),
        span_row("broke", name="execute_sql", kind="TOOL", status_code="ERROR", status_message="timeout"),
    )
    lake.write(SPANS, "p", DAY, span_table(*rows))
    return lake


def test_spans_are_chosen_by_their_names(spans):
    assert decided(spans, asking("sql_read_only")) == {
        "good": "read_only",
        "bad": "has_effects",
        "refused": "not_applicable",
    }
    assert decided(spans, asking("sql_read_only", sql_spans=("agent.*",))) == {"mine": "read_only"}


@pytest.mark.parametrize(("name", "label"), [("matches_expected", "different"), ("sql_matches_expected", "same")])
def test_only_answers_whose_right_one_is_known_are_compared_with_it(lake, name, label):
    right = '{"expected": {"output": "SELECT 1"}, "experiment": "e"}'
    rows = (
        span_row("known", output="select 1;", metadata=right),
        span_row("failed", status_code="ERROR", metadata=right),
        span_row("silent", metadata=right),
        span_row("unknown", output="SELECT 1", metadata='{"expected": {}}'),
        span_row("null", output="SELECT 1", metadata='{"expected": {"output": null}}'),
        span_row("text", output="SELECT 1", metadata='{"expected": "SELECT 1"}'),
        span_row("other", output="SELECT 1", metadata='{"customer": "acme"}'),
        span_row("none", output="SELECT 1"),
    )
    lake.write(SPANS, "p", DAY, span_table(*rows))
    assert decided(lake, asking(name)) == {"known": label, "unknown": "not_applicable", "null": "not_applicable"}


def test_what_ran_is_judged_by_the_span_that_ran_it(spans):
    assert decided(spans, asking("sql_execution_success")) == {"ran": "succeeded", "broke": "failed"}


def test_with_a_database_the_sql_itself_is_run(spans, tmp_path):
    file = tmp_path / "scratch.duckdb"
    with duckdb.connect(str(file)) as database:
        database.execute("CREATE TABLE devices (name text)")
    assert decided(spans, asking("sql_execution_success", sql_duckdb_file=str(file))) == {
        "good": "failed",
        "bad": "not_applicable",
        "refused": "not_applicable",
    }


def test_without_a_schema_names_are_not_judged(spans):
    evaluator = asking("sql_known_names")
    rows = decide(evaluator, undecided(spans, "p", DAY, evaluator), NOW).to_pylist()
    assert {row["status"] for row in rows} == {"not_applicable"}
    assert "set evaluators.sql_schema_file" in rows[0]["explanation"]


def test_another_schema_asks_again(lake, tmp_path):
    lake.write(SPANS, "p", DAY, span_table(span_row("a", name="bedrock.generate_sql", output="SELECT b FROM t")))
    file = tmp_path / "schema.sql"
    digests = set()
    for ddl in ("CREATE TABLE t (a int)", "CREATE TABLE t (a int, b int)"):
        file.write_text(ddl)
        digests |= set(undecided(lake, "p", DAY, asking("sql_known_names", sql_schema_file=str(file)))["unit_digest"])
    assert len(digests) == 2


@pytest.mark.parametrize("values", [{"sql_schema_file": "no/such/file.sql"}, {"sql_schema_file": "pyproject.toml"}])
def test_a_schema_that_cannot_be_read_stops_the_run(spans, values):
    with pytest.raises(ConfigurationError, match="sql_schema_file"):
        decided(spans, asking("sql_known_names", **values))


@pytest.mark.parametrize("name", ["sql_valid", "sql_known_names", "sql_execution_success"])
def test_a_database_out_of_reach_stops_the_run_and_tells_no_password(spans, name):
    """A decision would stand: the unit would not be asked about again when the database is back."""
    setting = "sql_replica_url" if name == "sql_execution_success" else "sql_explain_url"
    with pytest.raises(ServiceUnavailable, match=r"127\.0\.0\.1:1.* cannot be asked") as raised:
        decided(spans, asking(name, **{setting: NOBODY}))
    assert "s3cret" not in str(raised.value)


def test_a_filter_is_looked_for_without_a_schema_too():
    evaluator = asking("sql_required_filter", sql_required_filters={"devices": "serial_number IN (:f)"})
    ask = question(evaluator)
    assert ask(wrote("SELECT x FROM devices JOIN sites USING (site_id) WHERE serial_number = :f")).score == 1.0
    assert ask(wrote("SELECT x FROM devices JOIN sites USING (site_id) WHERE site_id = :f")).score == 0.0
    unasked = question(asking("sql_required_filter"))(wrote("SELECT 1"))
    assert unasked.score is None
    assert "names none" in unasked.explanation


def test_thresholds_and_functions_of_ones_own_are_settings():
    sql = wrote("SELECT purge() FROM a JOIN b USING (x)")
    assert question(asking("sql_complexity", sql_medium_from=1))(sql).label == "medium"
    assert question(asking("sql_complexity", sql_medium_from=1, sql_complex_from=1))(sql).label == "complex"
    assert question(asking("sql_read_only"))(sql).label == "read_only"
    assert question(asking("sql_read_only", sql_denied_functions=("purge",)))(sql).label == "has_effects"


@pytest.mark.parametrize(
    ("sql", "label"),
    [
        ("SELECT sum(a) FROM t", "succeeded"),
        ("SELECT date_trunc('month', DATE '2026-11-20')::text FROM t", "succeeded"),
        ("SELECT b FROM t", "failed"),
        ("SELECT 1 / 0 + a::int FROM (VALUES ('x')) v(a)", "failed"),
        (
            "SELECT count(*) FROM range(99999) a, range(99999) b, range(999) c WHERE a.range * b.range = c.range",
            "failed",
        ),
        ("SELECT * FROM read_csv('/etc/passwd')", "failed"),
        ("SELECT a FROM t WHERE a = :a", None),
        ("SELECT pg_sleep(1)", None),
        ("SELECT 1; SELECT 2", None),
    ],
)
def test_sql_is_run_on_a_duckdb_that_it_can_only_read(sql, label, tmp_path):
    file = tmp_path / "scratch.duckdb"
    with duckdb.connect(str(file)) as database:
        database.execute("CREATE TABLE t AS SELECT range AS a FROM range(5000)")
    evaluator = asking("sql_execution_success", sql_duckdb_file=str(file), sql_timeout_seconds=0.5)
    answer = question(evaluator)({"status_code": "OK", "status_message": None, **wrote(sql)})
    assert answer.label == label
    assert answer.explanation or label == "succeeded"


def test_sql_cannot_take_the_machines_memory(tmp_path):
    file = tmp_path / "scratch.duckdb"
    duckdb.connect(str(file)).close()
    found = complaint_of_duckdb(str(file), "SELECT string_agg(repeat('x', 1000000), '') FROM range(2000)", 60)
    assert found is not None
    assert "Out of Memory" in found


def test_a_duckdb_file_that_is_none_stops_the_run(tmp_path):
    evaluator = asking("sql_execution_success", sql_duckdb_file=str(tmp_path / "none.duckdb"))
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        question(evaluator)({"status_code": "OK", "status_message": None, **wrote("SELECT 1")})
