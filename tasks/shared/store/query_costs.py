"""SQL for what a query costs: the mean over traces with a root, and the sums that its interval is made of."""

# A trace speaks for what a query costs when all its model calls have a price. Sessions are the clusters: what is asked
# in one conversation is dear or cheap together.
TRACES = """
traces AS MATERIALIZED (
    SELECT trace_id, coalesce(any_value(session_id), trace_id) AS cluster, any_value(user_id) AS user_id,
        any_value(metadata) FILTER (parent_id IS NULL) AS metadata, sum(total_tokens) AS tokens,
        coalesce(sum(cost_usd), 0) AS cost, count(cost_usd) = count(*) FILTER (
            kind = 'LLM' OR total_tokens IS NOT NULL OR cost_usd IS NOT NULL) AS known
    FROM spans GROUP BY trace_id HAVING count(*) FILTER (parent_id IS NULL) > 0
)
"""
WHOLE = "SELECT '' AS field, '' AS value, * FROM traces"
# Needs the parameter $fields, a list of fields of the metadata; as a JSON pointer any name is a name.
COHORTS = """
SELECT field, json_extract_string(metadata, '/' || replace(replace(field, '~', '~0'), '/', '~1')) AS value, traces.*
FROM traces, (SELECT unnest($fields) AS field)
"""


def query_costs(groups: str) -> str:
    """A row for each field and value of *groups* (WHOLE or COHORTS), by field and cost.

    Columns: traces, known (those that speak), users, tokens, cost, dearest; and of the known ones n, clusters, total,
    squared_sizes, squares, cubes, as `clustered.of_sums` takes them.
    """
    return f"""
WITH {TRACES}, grouped AS ({groups}), groups AS (
    SELECT field, value, count(*) AS traces, count(DISTINCT user_id) AS users, sum(tokens) AS tokens,
        fsum(cost) AS cost, count(*) FILTER (known) AS known, max_by(trace_id, cost) FILTER (cost > 0) AS dearest
    FROM grouped GROUP BY field, value
), clusters AS (
    SELECT field, value, cluster, fsum(cost) AS total, count(*) AS size
    FROM grouped WHERE known GROUP BY field, value, cluster
), centred AS (
    SELECT *, total - size * sum(total) OVER each / sum(size) OVER each AS part
    FROM clusters WINDOW each AS (PARTITION BY field, value)
), sums AS (
    SELECT field, value, CAST(sum(size) AS BIGINT) AS n, count(*) AS clusters, fsum(total) AS total,
        CAST(sum(size * size) AS DOUBLE) AS squared_sizes, fsum(part ** 2) AS squares, fsum(part ** 3) AS cubes
    FROM centred GROUP BY field, value
)
SELECT groups.*, n, clusters, total, squared_sizes, squares, cubes
FROM groups LEFT JOIN sums ON groups.field = sums.field AND groups.value IS NOT DISTINCT FROM sums.value
ORDER BY groups.field, cost DESC, groups.value
"""
