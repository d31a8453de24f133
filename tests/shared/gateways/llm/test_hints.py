"""When a provider wants to see a call again, as each says it."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.gateways.llm.hints import is_throttled, seconds_until

NOW = dt.datetime(2026, 11, 19, 8, tzinfo=dt.UTC)
GOOGLE = b"""{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [
    {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": []},
    {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.07s"}]}}"""


@pytest.mark.parametrize(
    ("headers", "content", "seconds"),
    [
        ({"retry-after": "7"}, b"", 7.0),
        ({"retry-after": "7", "retry-after-ms": "6500"}, b"", 6.5),
        ({"retry-after": "Thu, 19 Nov 2026 08:00:20 GMT"}, b"", 20.0),
        ({"retry-after": "Thu, 19 Nov 2026 07:00:00 GMT"}, b"", 0.0),
        ({"x-amz-retry-after": "1500"}, b"{}", 1.5),
        ({}, GOOGLE, 34.07),
        ({}, b"[" + GOOGLE + b"]", 34.07),
        ({"retry-after": "soon"}, b"", None),
        ({}, b'{"error": {"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo"}]}}', None),
        ({}, b"<html>", None),
    ],
)
def test_the_time_to_come_back_is_read_wherever_it_stands(headers, content, seconds):
    assert seconds_until(headers, content, NOW) == seconds


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "x-amz-retry-after"]), st.text()), st.binary())
def test_whatever_a_server_sends_is_a_time_or_none(headers, content):
    found = seconds_until(headers, content, NOW)
    assert found is None or found >= 0


def test_aws_names_one_call_too_many():
    assert is_throttled({"x-amzn-errortype": "ThrottlingException:http://internal.amazon.com/"})
    assert not is_throttled({"x-amzn-errortype": "ValidationException"})
    assert not is_throttled({})
