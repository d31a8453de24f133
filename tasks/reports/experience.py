"""Where to look for what users live through: the latest failure, the latest complaint, the slowest trace."""

from tasks.reports.evidence import Evidence
from tasks.shared.pages.blocks import Link

FAILED = """
SELECT max_by(trace_id, start_time) AS latest FROM spans WHERE parent_id IS NULL AND status_code = 'ERROR'
"""
SLOWEST = "SELECT max_by(trace_id, latency_ms) AS slowest FROM spans WHERE parent_id IS NULL"
# What the application recorded, else what was said in Phoenix; an annotation that repeats the former is the former.
COMPLAINT = """
SELECT unit, unit_id FROM (
    SELECT 'trace' AS unit, trace_id AS unit_id, start_time FROM feedback
    WHERE rating = 'negative' AND trace_id IS NOT NULL
    UNION ALL
    SELECT unit, unit_id, coalesce(updated_at, created_at, start_time) FROM annotations
    WHERE annotator_kind = 'HUMAN' AND list_contains($names, name)
        AND CASE WHEN label IS NULL THEN score <= 0 ELSE list_contains($negative, lower(trim(label))) END
) ORDER BY start_time DESC, unit_id LIMIT 1
"""


def latest_failure(evidence: Evidence) -> Link | None:
    """The latest trace whose root span failed."""
    return evidence.links.to("trace", evidence.rows(FAILED)[0]["latest"], "latest failure")


def slowest_trace(evidence: Evidence) -> Link | None:
    """The trace whose root span took longest."""
    return evidence.links.to("trace", evidence.rows(SLOWEST)[0]["slowest"], "slowest trace")


def latest_complaint(evidence: Evidence) -> Link | None:
    """What a user was last dissatisfied with."""
    words = evidence.settings
    found = evidence.rows(COMPLAINT, names=list(words.curation.feedback), negative=list(words.feedback.negative))
    return evidence.links.to(found[0]["unit"], found[0]["unit_id"], "latest complaint") if found else None


def example_of(evidence: Evidence, metric: str) -> Link | None:
    """What to look at behind the metric; the project in Phoenix where no unit stands for it."""
    group = metric.partition("/")[0]
    if group in {"success", "error_rate"}:
        found = latest_failure(evidence)
    elif group in {"satisfaction", "feedback"}:
        found = latest_complaint(evidence)
    elif group == "latency_ms":
        found = slowest_trace(evidence)
    else:
        found = None
    return found or evidence.links.to("project", evidence.project, "project")
