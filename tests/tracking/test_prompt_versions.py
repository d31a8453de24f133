"""The day's metrics by prompt version."""

import pytest

from tests.tracking.rows import lake_at, put, summarised


@pytest.fixture
def lake(tmp_path):
    return lake_at(tmp_path)


def test_calls_errors_cost_and_scores_are_told_by_prompt_version(lake):
    put(
        lake,
        "spans",
        {"span_id": "w1", "trace_id": "a", "prompt_version": "v1", "cost_usd": 0.5},
        {"span_id": "w2", "trace_id": "b", "prompt_version": "v2", "status_code": "ERROR"},
        {"span_id": "w3", "trace_id": "c", "prompt_version": "v2", "cost_usd": 0.25},
        {"span_id": "x3", "trace_id": "c", "prompt_version": "v1", "cost_usd": 0.25},
        {"span_id": "tool", "trace_id": "a"},
    )
    put(
        lake,
        "decisions",
        *(
            {"evaluator": "sql", "unit_id": i, "trace_id": t, "score": s}
            for i, t, s in (("w1", "a", 1.0), ("w3", "c", 0.0))
        ),
        {"evaluator": "sql", "unit_id": "w2", "trace_id": "b", "status": "errored"},
        {"evaluator": "whole", "unit": "trace", "unit_id": "a", "trace_id": "a", "score": 1.0},
        {"evaluator": "whole", "unit": "trace", "unit_id": "c", "trace_id": "c", "score": 0.0},
    )
    calls = summarised(lake, "prompt_versions")
    assert calls["spans{prompt_version=v1}"].value == calls["spans{prompt_version=v2}"].value == 2
    assert calls["error_rate/spans{prompt_version=v2}"].value == 0.5
    cost = calls["cost_usd{prompt_version=v2}"]
    assert (cost.value, cost.n, cost.coverage) == (0.25, 1, 0.5)
    found = summarised(lake, "scores")
    assert (found["score/sql{prompt_version=v1}"].value, found["score/sql{prompt_version=v2}"].value) == (1.0, 0.0)
    assert found["coverage/sql{prompt_version=v2}"].value == 0.5
    assert (found["score/sql"].value, found["score/sql"].n) == (0.5, 2)
    # The trace c has used both versions, so that it speaks for neither.
    assert found["score/whole{prompt_version=v1}"].n == 1
    assert "score/whole{prompt_version=v2}" not in found


def test_a_day_with_a_prompt_version_for_every_call_keeps_the_ones_that_were_used_most(lake):
    often = [{"prompt_version": "often"}] * 2
    put(lake, "spans", *often, *({"prompt_version": f"once {i}"} for i in range(100)))
    kept = {name for name in summarised(lake, "prompt_versions") if name.startswith("spans{")}
    assert len(kept) == 20
    assert "spans{prompt_version=often}" in kept
