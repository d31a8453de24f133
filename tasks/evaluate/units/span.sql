-- One row per span that starts in the window: the span's own columns.
SELECT span_id AS unit_id, *
FROM spans
WHERE start_time >= $start AND start_time < $end
