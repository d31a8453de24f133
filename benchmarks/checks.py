"""The checks between stages on a window of 100,000 spans: at most 15 % of the time that ingesting it takes.

Ingesting is taken at 8,000 spans/s, what the fast route brings at its slower end; a window that takes longer to fetch
leaves the checks a smaller share. Great Expectations is imported while Phoenix is waited for, as the fetch stage does.
"""

import argparse
import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass

from benchmarks.measure import Figure, at_most, peak_memory_mib, write_results
from tasks.shared.checks import gate, warm_up
from tasks.shared.errors import CheckFailed
from tasks.shared.records import Window
from tasks.shared.settings import CheckSettings, LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.stage import Stage
from tasks.shared.store.tables import SPANS

DAY = Window.of_day(dt.date(2026, 11, 19))
SPANS_MADE = 100_000
SPANS_PER_SECOND = 8_000
SPANS_PER_TRACE = 9
ROWS = """
SELECT * FROM declared UNION ALL BY NAME
SELECT lpad(to_hex(i + 1), 16, '0') AS span_id, lpad(to_hex(i // {per_trace} + 1), 32, '0') AS trace_id,
    CASE WHEN i % {per_trace} > 0 THEN lpad(to_hex(i // {per_trace} * {per_trace} + 1), 16, '0') END AS parent_id,
    'session' AS session_id, 'LLM' AS kind, 'answer' AS name, 'OK' AS status_code,
    TIMESTAMPTZ '{start}' + INTERVAL 1 MILLISECOND * (i * 86400000 // {spans}) AS start_time, start_time AS end_time,
    CASE WHEN hash(i) % 100 < {broken_percent} THEN -1.0 ELSE 0.0 END AS latency_ms, 'model' AS model,
    500 AS prompt_tokens, 50 AS completion_tokens, 550 AS total_tokens, 0.001 AS cost_usd,
    'What is the state of site ' || i || '?' AS input, repeat(md5(i::VARCHAR), 10) AS output,
    'openinference' AS dialect,
    '{{"text": "' || repeat(md5(i::VARCHAR), 60) || '"}}' AS attributes, lpad(to_hex(hash(i)), 16, '0') AS digest
FROM range({first}, {last}) AS r(i)
"""


@dataclass(frozen=True)
class Measured:
    """One run of the gate in a process of its own."""

    import_left_seconds: float
    gate_seconds: float
    gate_cpu_seconds: float
    memory_before_mib: float
    memory_after_mib: float
    kept_out: bool


def fill(stage: Stage, spans: int, broken_percent: int) -> None:
    """Stage *spans* spans with 2 KB of attributes, at the pace of Phoenix."""
    chunk = 2_000
    for first in range(0, spans, chunk):
        due = time.perf_counter() + chunk / SPANS_PER_SECOND
        query = ROWS.format(
            per_trace=SPANS_PER_TRACE,
            start=DAY.start,
            spans=spans,
            first=first,
            last=min(spans, first + chunk),
            broken_percent=broken_percent,
        )
        with stage.lake.connection() as connection:
            connection.register("declared", SPANS.schema.empty_table())
            stage.append(connection.sql(query).to_arrow_table())
        time.sleep(max(0.0, due - time.perf_counter()))


def run(spans: int, broken_percent: int) -> Measured:
    """Stage, then pass the gate."""
    with tempfile.TemporaryDirectory() as root:
        lake = Lake.open(LakeSettings(root=root))
        warming = warm_up()
        with lake.stage(SPANS, "benchmark", DAY) as stage:
            fill(stage, spans, broken_percent)
            stage.seal()
            began = time.perf_counter()
            warming.join()
            import_left = time.perf_counter() - began
            before, began, cpu = peak_memory_mib(), time.perf_counter(), time.process_time()
            kept_out = False
            try:
                gate(stage, lake, CheckSettings())
            except CheckFailed:
                kept_out = True
            seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    return Measured(import_left, seconds, cpu_seconds, before, peak_memory_mib(), kept_out)


def measured(spans: int, broken_percent: int) -> Measured:
    """`run` in a fresh process, so that its imports and its peak memory are its own."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.checks",
        "--spans",
        str(spans),
        "--broken-percent",
        str(broken_percent),
    ]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def figures(spans: int) -> list[Figure]:
    """Good rows, then half of them broken."""
    good, bad = measured(spans, 0), measured(spans, 50)
    ingest_seconds = spans / SPANS_PER_SECOND
    share = (good.import_left_seconds + good.gate_seconds) / (ingest_seconds + good.gate_seconds)
    named = f"{spans:,} spans"
    return [
        at_most(f"checks' share of ingest time, {named}", share, "share", 0.15),
        Figure(f"checks of {named}", round(good.gate_seconds, 2), "s"),
        Figure(f"checks of {named}, CPU", round(good.gate_cpu_seconds, 2), "s"),
        Figure("import of Great Expectations left when the fetch is done", round(good.import_left_seconds, 2), "s"),
        Figure("peak memory before the checks", round(good.memory_before_mib), "MiB"),
        at_most("peak memory with the checks", good.memory_after_mib, "MiB", 500),
        Figure("checks and quarantine, half of the rows broken", round(bad.gate_seconds, 2), "s"),
        at_most("peak memory, half of the rows broken", bad.memory_after_mib, "MiB", 1000),
    ]


def main() -> None:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=SPANS_MADE)
    parser.add_argument("--broken-percent", type=int, help="one measurement only, as JSON on stdout")
    options = parser.parse_args()
    if options.broken_percent is not None:
        print(json.dumps(asdict(run(options.spans, options.broken_percent))))
        return
    write_results("checks", figures(options.spans))


if __name__ == "__main__":
    main()
