"""What the evaluators of SQL see, and what they answer."""

from typing import Any

import orjson


def wrote(sql: str | None, messages: str | None = None) -> dict[str, Any]:
    """A span whose output is *sql*."""
    return {"output": sql, "output_messages": messages}


def called(arguments: Any) -> dict[str, Any]:
    """A span that wrote its SQL as the argument of a tool call."""
    calls = [{"id": "1", "name": "run_sql", "arguments": arguments}]
    return wrote(None, orjson.dumps([{"role": "assistant", "content": None, "tool_calls": calls}]).decode())


def ran(status_code: str, status_message: str | None = None) -> dict[str, Any]:
    """A span that ran SQL."""
    return {"status_code": status_code, "status_message": status_message, **wrote("{}")}


def answered(sql: str | None, right: Any = "SELECT a FROM t WHERE b = :b AND c = 'X' LIMIT 5") -> dict[str, Any]:
    """A span that wrote *sql* where *right* is right."""
    return {**wrote(sql), "metadata": orjson.dumps({"expected": {"output": right}}).decode()}


REFUSED = (wrote("I'm sorry, but I can't help with that."), None)
BROKEN = (wrote("SELECT FROM WHERE"), None)
SQL_CASES: dict[str, list[tuple[dict[str, Any], float | str | None]]] = {
    "sql_valid": [
        (wrote("SELECT * FROM devices WHERE site_id IN (:sites)"), 1.0),
        (wrote('{"sql": "SELECT 1", "explanation": "one"}'), 1.0),
        (wrote('[{"query": "SELECT 1"}]'), 1.0),
        (wrote("Here you are:\n```sql\nSELECT 1\n```\nIt counts."), 1.0),
        (wrote("Here you are:\n\nSELECT 1"), 1.0),
        (wrote('```json\n{"sql": "SELECT 1,"}\n```'), 0.0),
        (called('{"sql": "SELECT 1"}'), 1.0),
        (called({"query": "SELECT 1 FROM"}), 0.0),
        (wrote("SELECT * FROM devices LIMIT 1, 2"), 0.0),
        (wrote("SELECT 1; SELECT 2"), 0.0),
        (wrote("SELECT " + "+".join(["a"] * 2_000)), None),
        (called("not JSON"), None),
        REFUSED,
        (wrote(""), None),
        (wrote("With pleasure. Which region do you mean?"), None),
    ],
    "sql_read_only": [
        (wrote("SELECT created_at FROM devices"), 1.0),
        (wrote("DELETE FROM devices"), 0.0),
        (wrote("WITH x AS (DELETE FROM devices RETURNING *) SELECT * FROM x"), 0.0),
        REFUSED,
        BROKEN,
    ],
    "sql_complexity": [
        (wrote("SELECT 1"), "simple"),
        (wrote("SELECT * FROM a JOIN b USING (x) JOIN c USING (x) JOIN d USING (x)"), "medium"),
        (wrote("SELECT 1 UNION SELECT 2 UNION SELECT * FROM a, b, c, d, e, f"), "complex"),
        REFUSED,
        BROKEN,
    ],
    "sql_known_names": [
        (wrote("SELECT d.model, s.name FROM devices d JOIN sites s USING (site_id)"), 1.0),
        (wrote("SELECT d.modell FROM devices d"), 0.0),
        (wrote("SELECT * FROM device"), 0.0),
        REFUSED,
        BROKEN,
    ],
    "sql_required_filter": [
        (wrote("SELECT * FROM devices WHERE serial_number IN (:deviceFilter)"), 1.0),
        (wrote("SELECT * FROM devices WHERE serial_number IN ('A')"), 0.0),
        (wrote("SELECT * FROM devices WHERE serial_number = :deviceFilter UNION SELECT * FROM devices"), 0.0),
        (wrote("SELECT * FROM sites"), None),
        REFUSED,
        BROKEN,
    ],
    "sql_matches_expected": [
        (answered("SELECT 1", None), None),
        (answered("SELECT a FROM t WHERE b = :b AND c = 'X' LIMIT 5"), 1.0),
        (answered("select A from T\nwhere (C = 'X') and b = %(b)s -- why\nlimit 5;"), 1.0),
        (answered("```sql\nSELECT a FROM t WHERE b = {{ b }} AND c = 'X' LIMIT 5\n```"), 1.0),
        (answered("SELECT a FROM t WHERE b = :b AND c = 'x' LIMIT 5"), 0.0),
        (answered("SELECT a FROM t WHERE b = :other AND c = 'X' LIMIT 5"), 0.0),
        (answered("SELECT a FROM t WHERE b = :b OR c = 'X' LIMIT 5"), 0.0),
        (answered("SELECT a FROM t WHERE b = :b AND c = 'X'"), 0.0),
        (answered("SELECT a FROM", "SELECT a FROM t"), 0.0),
        (answered("Which region do you mean?"), 0.0),
        (answered("SELECT a FROM t ORDER BY a ASC", '{"sql": "SELECT a FROM t ORDER BY a"}'), 1.0),
        (answered("SELECT a FROM t ORDER BY a DESC", {"sql": "SELECT a FROM t ORDER BY a"}), 0.0),
        (answered("SELECT a - b - c FROM t", "SELECT a - (b - c) FROM t"), 0.0),
        (answered("SELECT " + "+".join(["a"] * 200), "SELECT (" + " + ".join(["A"] * 200) + ")"), 1.0),
        (answered("SELECT " + "+".join(["a"] * 200), "SELECT " + "-".join(["a"] * 200)), 0.0),
        (answered("SELECT " + "+".join(["a"] * 2_000), "SELECT 1"), None),
        (answered("SELECT 1", "SELECT FROM WHERE"), None),
        (answered("SELECT 1", "Ask for the region."), None),
        (answered("SELECT 1", 7), None),
    ],
    "sql_execution_success": [
        (ran("OK"), 1.0),
        (ran("UNSET"), 1.0),
        (ran("ERROR"), 0.0),
        (ran("ERROR", "UndefinedColumn: no column x"), 0.0),
    ],
}
