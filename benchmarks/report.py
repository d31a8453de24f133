"""The morning report of 1,000,000 spans, from the lake: at most 10 s and 2 GiB.

The lake is made here, in SQL: nine spans a trace, 2 KB of attributes a span, seven evaluators' decisions on the traces.
"""

import argparse
import datetime as dt
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import at_most, write_results
from tasks.reports.compose import compose
from tasks.reports.evidence import Evidence
from tasks.reports.links import Links
from tasks.reports.markdown import markdown
from tasks.reports.page import html
from tasks.shared.records import Window
from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DECISIONS, SPANS, Table

PROJECT = "benchmark"
DAY = dt.date(2026, 11, 19)
SPANS_MADE = 1_000_000
SPANS_PER_TRACE = 9
SPAN_ROWS = """
WITH numbered AS (
    SELECT i, i // {per_trace} AS trace, i % {per_trace} AS step, hash(i) AS h, hash(i // {per_trace}) AS th
    FROM range({first}, {last}) AS r(i)
), timed AS (
    SELECT *, TIMESTAMPTZ '{start}' + INTERVAL 1 MICROSECOND * (th % 3599000000 + step * 100) AS start_time,
        50 + 4000 * pow((h % 10007) / 10007.0, 4) AS latency_ms, step IN (2, 4, 7) AS is_llm
    FROM numbered
)
SELECT lpad(to_hex(i + 1), 16, '0') AS span_id, lpad(to_hex(trace + 1), 32, '0') AS trace_id,
    CASE WHEN step > 0 THEN lpad(to_hex(trace * {per_trace} + 1), 16, '0') END AS parent_id,
    's' || trace // 5 AS session_id, 'u' || th % 997 AS user_id,
    ['AGENT', 'CHAIN', 'LLM', 'TOOL', 'LLM', 'RETRIEVER', 'TOOL', 'LLM', 'TOOL'][step + 1] AS kind,
    ['agent', 'plan', 'generate_sql', 'validate_sql', 'generate_arguments', 'search', 'execute_sql', 'answer',
     'store'][step + 1] AS name,
    CASE WHEN h % 37 = 0 THEN 'ERROR' ELSE 'OK' END AS status_code,
    start_time, start_time + INTERVAL 1 MICROSECOND * CAST(latency_ms * 1000 AS BIGINT) AS end_time, latency_ms,
    CASE WHEN is_llm THEN 'model-' || h % 4 END AS model,
    CASE WHEN is_llm THEN 500 + h % 900 END AS prompt_tokens, CASE WHEN is_llm THEN h % 300 END AS completion_tokens,
    CASE WHEN is_llm THEN 500 + h % 900 + h % 300 END AS total_tokens,
    CASE WHEN is_llm AND h % 4 > 0 THEN (500 + h % 1200) * 1e-6 END AS cost_usd,
    'How many devices of site ' || th % 200 || ' reported error ' || th % 40 || ' last week?' AS input,
    'There were ' || h % 1000 || ' of them.' AS output,
    CASE WHEN h % 37 = 0 THEN 'TimeoutError' END AS exception_type,
    CASE WHEN h % 37 = 0 THEN 'no answer after ' || h % 30 || ' s' END AS exception_message,
    'openinference' AS dialect,
    '{{"text": "' || md5(i::VARCHAR) || repeat(md5((i % 5000)::VARCHAR), 60) || '"}}' AS attributes,
    lpad(to_hex(h), 16, '0') AS digest
FROM timed
"""
DECISION_ROWS = """
SELECT 'trace' AS unit, trace_id AS unit_id, trace_id, start_time, 'evaluator_' || e AS evaluator, '1' AS version,
    'code' AS kind, 'maximize' AS direction, CASE WHEN h % 50 = 0 THEN 'errored' ELSE 'scored' END AS status,
    CASE WHEN h % 50 > 0 THEN (h % 10 > e)::DOUBLE END AS score, 0.0 AS cost_usd, 1.0 AS inclusion_probability,
    '0' AS unit_digest, start_time AS decided_at, 'because of ' || h % 100 AS explanation
FROM (
    SELECT lpad(to_hex(i + 1), 32, '0') AS trace_id, hash(i * 7 + e) AS h, e,
        TIMESTAMPTZ '{start}' + INTERVAL 1 MICROSECOND * (hash(i) % 3599000000) AS start_time
    FROM range({first}, {last}) AS r(i), range(7) AS q(e)
)
"""


def make_lake(lake: Lake, spans: int) -> None:
    """Write *spans* spans and their decisions, hour by hour."""
    traces = spans // 24 // SPANS_PER_TRACE + 1
    for number, start in enumerate(Window.of_day(DAY).hours()):
        first, last = number * traces, (number + 1) * traces
        steps = {"first": first * SPANS_PER_TRACE, "last": last * SPANS_PER_TRACE, "per_trace": SPANS_PER_TRACE}
        put(lake, SPANS, start, SPAN_ROWS.format(start=start, **steps))
        put(lake, DECISIONS, start, DECISION_ROWS.format(start=start, first=first, last=last))


def put(lake: Lake, table: Table, start: dt.datetime, query: str) -> None:
    """Run *query* and write its rows, columns it does not name being null."""
    with lake.connection() as connection:
        connection.register("declared", table.schema.empty_table())
        whole = f"SELECT * FROM declared UNION ALL BY NAME ({query})"
        rows = connection.sql(whole).to_arrow_table()
    lake.write(table, PROJECT, Window(start, start + dt.timedelta(hours=1)), rows.cast(table.schema))


def build(root: Path) -> None:
    """Build the report and write it to the lake, in a process of its own so that its peak memory is its own."""
    lake = Lake.open(LakeSettings(root=str(root)))
    window = Window.of_day(DAY)
    report = compose(Evidence(lake, PROJECT, window, Links("http://127.0.0.1:6006")))
    lake.put_file("report.html", html(report).encode())
    lake.put_file("report.md", markdown(report).encode())
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    """Make the lake, build the report in a fresh process, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=SPANS_MADE)
    parser.add_argument("--lake", type=Path, help="keep the lake here, or use the one that is there")
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.build:
        build(options.build)
        return
    with tempfile.TemporaryDirectory() as temporary:
        root = options.lake or Path(temporary)
        if not (root / SPANS.name).exists():
            make_lake(Lake.open(LakeSettings(root=str(root))), options.spans)
        command = [sys.executable, "-m", "benchmarks.report", "--build", str(root)]
        began = time.perf_counter()
        peak_mib = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        seconds = time.perf_counter() - began
        size_mb = (root / "report.html").stat().st_size / 1e6
    write_results(
        "report",
        [
            at_most(f"report of {options.spans:,} spans, imports included", seconds, "s", 10),
            at_most("peak memory of the process", peak_mib, "MiB", 2048),
            at_most("size of the page", size_mb, "MB", 2),
        ],
    )


if __name__ == "__main__":
    main()
