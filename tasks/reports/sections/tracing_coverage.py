"""Which services sent spans, beside those that the settings expect."""

from typing import Any

from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Block, Number, Table, Text
from tasks.shared.pages.wording import NAME_CHARACTERS, shortened

SERVICES_SHOWN = 40
# Phoenix keeps no resource: `service.name` is known where the span itself carries it. Else the span's name has to tell.
SEEN = """
WITH names AS (
    SELECT service_name, name, count(*) AS spans, max(start_time) AS latest_at, max_by(span_id, start_time) AS latest
    FROM spans GROUP BY service_name, name
), expected AS (
    SELECT service, list(pattern) AS patterns
    FROM (SELECT unnest($services) AS service, unnest($patterns) AS pattern) GROUP BY service
), matched AS (
    SELECT coalesce(service, service_name) AS service, service IS NOT NULL AS is_expected, names.*
    FROM names LEFT JOIN expected
        ON service_name = service
        OR service_name IS NULL AND len(list_filter(patterns, lambda pattern: pattern <> '' AND name GLOB pattern)) > 0
)
SELECT service, bool_or(is_expected) AS is_expected, sum(spans) AS spans,
    max(latest_at) AS latest_at, max_by(latest, latest_at) AS latest, count(DISTINCT name) AS names,
    bool_or(service_name IS NOT NULL) AS by_name
FROM matched GROUP BY service ORDER BY service IS NULL, spans DESC, service
"""


def tracing_coverage(evidence: Evidence) -> list[Block]:
    """A warning for each expected service without a span, then every service."""
    expected = evidence.settings.reports.services
    pairs = [(service, pattern) for service, patterns in expected.items() for pattern in patterns or ("",)]
    found = evidence.rows(SEEN, services=[service for service, _ in pairs], patterns=[each for _, each in pairs])
    seen = {row["service"] for row in found}
    missing = [service for service in expected if service not in seen]
    table = Table(
        "Services",
        ("Service", "Expected", "Spans", "Share", "Span names", "Known by", "Last span", "Evidence"),
        [
            *((service, "yes", Number(0), Number(0.0, "share"), None, None, None, None) for service in missing),
            *(
                _row(evidence, row, sum(row["spans"] for row in found), bool(expected))
                for row in found[:SERVICES_SHOWN]
            ),
        ],
        empty=f"No spans were stored for this {evidence.edition}.",
        note="By the span's own service.name, else by the span names that reports.services gives for the service: "
        "Phoenix keeps no resource attributes, so a service shows only where its spans carry service.name themselves, "
        "or have names of their own." + ("" if expected else " No service is expected (reports.services)."),
    )
    return [*(Text(f"No span of {service} was seen.", "warning") for service in missing), table]


def _row(evidence: Evidence, row: dict[str, Any], total: float, any_expected: bool) -> tuple[Any, ...]:
    expected = "yes" if row["is_expected"] else "no"
    return (
        shortened(row["service"], NAME_CHARACTERS) if row["service"] else "(not told)",
        expected if any_expected and row["service"] else None,
        Number(row["spans"]),
        Number(row["spans"] / total, "share"),
        Number(row["names"]),
        ("service.name" if row["by_name"] else "span names") if row["service"] else None,
        evidence.time_of(row["latest_at"]),
        evidence.links.to("span", row["latest"], "latest span"),
    )


SECTION = Section(order=95, title="Tracing coverage", build=tracing_coverage)
