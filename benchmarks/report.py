"""The morning report of 1,000,000 spans, from the lake: at most 10 s and 2 GiB.

The simulator fills the lake; every trace has the decisions of seven evaluators beside its spans.
"""

import argparse
import datetime as dt
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import Figure, at_most, peak_memory_mib, write_results
from deployments.simulator.bulk import Volume, fill_lake
from tasks.evaluate.decide import decision_table
from tasks.reports.compose import compose
from tasks.reports.evidence import Evidence
from tasks.reports.files import report_files
from tasks.shared.records import HOUR, Window
from tasks.shared.settings import REPORT_FORMATS, LakeSettings, Settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DECISIONS, SPANS

PROJECT = "benchmark"
DAY = dt.date(2026, 11, 19)
SPANS_MADE = 1_000_000
DECISIONS_MADE = """
SELECT 'trace' AS unit, trace_id AS unit_id, trace_id, start_time, 'evaluator_' || e AS evaluator, '1' AS version,
    'code' AS kind, 'maximize' AS direction, CASE WHEN h % 50 = 0 THEN 'errored' ELSE 'scored' END AS status,
    CASE WHEN h % 50 > 0 THEN (h % 10 > e)::DOUBLE END AS score, NULL AS label, 'because of ' || h % 100 AS explanation,
    NULL AS model, 0.0 AS cost_usd, 1.0 AS inclusion_probability, '0' AS unit_digest, start_time AS decided_at
FROM (SELECT trace_id, start_time, e, hash(trace_id, e) AS h FROM spans, range(7) AS q(e) WHERE parent_id IS NULL)
"""


def make_lake(lake: Lake, spans: int) -> None:
    """Write *spans* spans of one day and the decisions on their traces."""
    fill_lake(lake, Volume(PROJECT, spans, DAY))
    for start in Window.of_day(DAY).hours():
        hour = Window(start, start + HOUR)
        rows = lake.sql(DECISIONS_MADE, PROJECT, hour)
        lake.write(DECISIONS, PROJECT, hour, decision_table(dict(zip(rows.column_names, rows, strict=True)), len(rows)))


def build(root: Path) -> None:
    """Build the report and write it to the lake, in a process of its own so that its peak memory is its own."""
    settings = Settings.model_construct(lake=LakeSettings(root=str(root)))
    lake = Lake.open(settings.lake)
    report = compose(Evidence.open(settings, PROJECT, Window.of_day(DAY)))
    for name, content in report_files(report, REPORT_FORMATS):
        lake.put_file(name, content)
    # Not getrusage: its maximum is that of the process that started this one, where that was larger.
    print(peak_memory_mib())


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
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        page_mb, pdf_mb = ((root / f"report.{form}").stat().st_size / 1e6 for form in ("html", "pdf"))
    write_results(
        "report",
        [
            at_most(f"report of {options.spans:,} spans in every format, imports included", seconds, "s", 10),
            Figure("processor time of it", round(used.ru_utime + used.ru_stime, 2), "s"),
            at_most("peak memory of the process", peak_mib, "MiB", 2048),
            at_most("size of the page", page_mb, "MB", 2),
            at_most("size of the PDF", pdf_mb, "MB", 2),
        ],
    )


if __name__ == "__main__":
    main()
