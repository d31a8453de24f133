"""Names in MLflow: legal, stable, different for different metrics."""

import posixpath
import re

from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.gateways.mlflow.naming import legal, metric_name, values_of
from tasks.shared.records import Metric


def test_a_metric_gives_its_value_n_coverage_and_interval():
    metric = Metric("score/no_error", 0.75, 4, 0.8, 0.3, 0.95)
    assert values_of(metric) == {
        "score/no_error": 0.75,
        "score/no_error.n": 4,
        "score/no_error.coverage": 0.8,
        "score/no_error.low": 0.3,
        "score/no_error.high": 0.95,
    }


def test_bounds_go_with_the_metric_that_has_them():
    found = values_of(Metric("pass_rate/sql", 0.75, 4, 0.8, worst=0.5, best=0.9))
    assert (found["pass_rate/sql.worst"], found["pass_rate/sql.best"]) == (0.5, 0.9)


def test_an_exact_count_has_no_interval():
    assert set(values_of(Metric("spans", 4, 4, 1.0))) == {"spans", "spans.n", "spans.coverage"}


def test_a_dimension_becomes_part_of_the_name():
    assert metric_name(Metric("cost_usd", 1, 1, 1, dimension="model=gpt-4o")) == "cost_usd/model/gpt-4o"
    assert metric_name(Metric("latency_ms/p95", 1, 1, 1, dimension="name=a=b")).startswith("latency_ms/p95/name/a_b-")


def test_a_legal_name_stays_as_it_is():
    assert legal("cost_usd/model/meta-llama/Llama-3.1") == "cost_usd/model/meta-llama/Llama-3.1"


def test_names_that_differ_only_in_refused_characters_stay_apart():
    assert legal("name/GET (a)") != legal("name/GET [a]")
    assert legal("a//b") != legal("a__b")


@given(st.text(min_size=1, max_size=400))
def test_every_name_is_one_that_mlflow_accepts(text):
    name = legal(f"latency_ms/p95/name/{text}")
    assert re.fullmatch(r"[/\w.\- :]*", name)
    assert posixpath.normpath(name) == name
    assert len(name) + len(".coverage") <= 250


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_different_names_stay_different(one, other):
    assert (legal(one) == legal(other)) == (one == other)
