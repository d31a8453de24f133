"""Metric and parameter names as MLflow allows them: stable, so that runs compare, and unique."""

import hashlib
import posixpath
import re

from tasks.shared.records import Metric

ILLEGAL = re.compile(r"[^\w\-. :/]")
LONGEST = 230


def values_of(metric: Metric) -> dict[str, float]:
    """The metric's value under its MLflow name, beside it `.n`, `.coverage`, and its interval and bounds if it has any.

    The dimension `model=gpt-4o` of `cost_usd` makes the name `cost_usd/model/gpt-4o`.
    """
    name = metric_name(metric)
    values = {name: metric.value, f"{name}.n": float(metric.n), f"{name}.coverage": metric.coverage}
    if metric.low is not None and metric.high is not None:
        values |= {f"{name}.low": metric.low, f"{name}.high": metric.high}
    if metric.worst is not None and metric.best is not None:
        values |= {f"{name}.worst": metric.worst, f"{name}.best": metric.best}
    return values


def metric_name(metric: Metric) -> str:
    """The metric's name in MLflow."""
    key, equals, value = metric.dimension.partition("=")
    return legal(f"{metric.name}/{key}/{value}" if equals else metric.name)


def legal(name: str) -> str:
    """*name*, or where MLflow would refuse it, a legal name with a digest that keeps different names apart."""
    cleaned = ILLEGAL.sub("_", name)
    if posixpath.normpath(cleaned) != cleaned or cleaned.startswith(("/", ".")):
        cleaned = re.sub(r"[/.]", "_", cleaned)
    cleaned = cleaned[:LONGEST]
    if cleaned == name:
        return name
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return f"{cleaned.rstrip('/')}-{digest[:6]}"
