"""What the evaluators of SQL share: which spans they ask about, the SQL that a span wrote, and whom it is shown to."""

from functools import lru_cache

from pydantic import SecretStr

from tasks.shared.records import Score
from tasks.shared.sql.answers import sql_in, sql_of_fields
from tasks.shared.sql.ddl import schema_of_ddl
from tasks.shared.sql.dialects import POSTGRES, known_dialect, translated
from tasks.shared.sql.parse import Parsed, parsed
from tasks.shared.sql.placeholders import neutral
from tasks.shared.sql.schema import Schema, schema_of_rows
from tasks.shared.step_signs.messages import answer_text, tool_calls

NAMED = "len(list_filter(CAST(CAST({names} AS JSON) AS VARCHAR[]), lambda pattern: name GLOB pattern)) > 0"
WRITES_SQL = "(output IS NOT NULL OR output_messages IS NOT NULL) AND status_code <> 'ERROR' AND " + NAMED.format(
    names="$sql_spans"
)
NO_SQL = Score(explanation="There is no SQL in the output.")


def written_sql(output: str | None, output_messages: str | None) -> str | None:
    """The SQL that the model said, or called a tool with; None when there is none."""
    return sql_in(answer_text(output, output_messages)) or next(
        (sql for call in tool_calls(output_messages) if (sql := sql_of_fields(call["arguments"]))), None
    )


def read(output: str | None, output_messages: str | None, dialect: str) -> Parsed | None:
    """That SQL, parsed; None when there is none."""
    sql = written_sql(output, output_messages)
    return None if sql is None else parsed(sql, dialect)


def unreadable(query: Parsed) -> Score | None:
    """Why a question about the content of *query* does not apply; None when it does."""
    if query.error:
        return Score(explanation=f"The SQL is not valid, which sql_valid reports: {query.error}.")
    return Score(explanation=f"Not judged: {query.unknown}.") if query.unknown else None


def known_schema(ddl: str, dialect: str, url: SecretStr | None, timeout_seconds: float) -> Schema | None:
    """The schema of the DDL, or else of the database at *url*; None without either."""
    if ddl:
        return schema_of_ddl(ddl, dialect)
    return None if url is None else _schema_at(url, timeout_seconds)


def explained(sql: str, url: SecretStr, timeout_seconds: float) -> str | None:
    """What the PostgreSQL at *url* has against *sql*, None when it can plan it."""
    from tasks.shared.gateways.postgres import postgres

    asked = neutral(sql)
    return postgres(url, timeout_seconds).explain(asked.text, with_parameters=bool(asked.names))


def run(sql: str, dialect: str, duckdb_file: str, url: SecretStr | None, timeout_seconds: float) -> str | None:
    """What goes wrong when *sql* is run on the DuckDB file, or else the database at *url*; None when nothing does."""
    if duckdb_file or url is None:
        from tasks.shared.store.scratch import complaint_of_duckdb

        said = translated(sql, known_dialect(dialect), "duckdb")
        return complaint_of_duckdb(duckdb_file, said.text or sql, timeout_seconds)
    from tasks.shared.gateways.postgres import postgres

    said = translated(sql, known_dialect(dialect), POSTGRES)
    return postgres(url, timeout_seconds).run(said.text or sql)


@lru_cache(maxsize=4)
def _schema_at(url: SecretStr, timeout_seconds: float) -> Schema:
    from tasks.shared.gateways.postgres import postgres

    return schema_of_rows(postgres(url, timeout_seconds).columns())
