"""What Phoenix answers, read or refused."""

import datetime as dt
import ssl

import httpx
import pytest

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.http import retry_after_seconds
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.gateways.phoenix.ahead import in_order
from tasks.shared.gateways.phoenix.connection import Connection, json_object
from tasks.shared.gateways.phoenix.failures import Unreadable, hint_for, shown_url
from tasks.shared.gateways.phoenix.rows import expression, rows_of_multipart, utc_text, without_kind
from tasks.shared.settings import PhoenixSettings


def multipart(table: bytes) -> bytes:
    return b"--t0\r\nContent-Type: application/json\r\n\r\n" + table + b"\r\n--t0--\r\n"


def test_rows_are_read_by_label_and_path():
    content = multipart(b'{"schema":{},"data":[{"0_context.span_id":"s","1_trace":"t","2_path0":{"a_b":1}}]}')
    assert rows_of_multipart(content, [("llm",)]) == [{"context.span_id": "s", "trace": "t", ("llm",): {"a_b": 1}}]
    assert rows_of_multipart(multipart(b'{"data":[]}'), []) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", multipart(b'{"data":[]}')[:-3], multipart(b'{"data":'), multipart(b"[]"), multipart(b"{}")],
)
def test_a_cut_or_foreign_answer_is_not_taken_for_rows(content):
    with pytest.raises(Unreadable):
        rows_of_multipart(content, [])


@pytest.mark.parametrize("content", [b"", b"<html>", b"[1]"])
def test_only_a_json_object_is_an_answer(content):
    with pytest.raises(Unreadable):
        json_object(content)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-03-01T05:00:00.123457000Z", "2026-03-01T05:00:00.123457+00:00"),
        ("2026-03-01T05:00:00.123457+00:00", "2026-03-01T05:00:00.123457+00:00"),
        ("2026-03-01T05:00:00+00:00", "2026-03-01T05:00:00.000000+00:00"),
        ("2026-03-01T07:00:00.5+02:00", "2026-03-01T05:00:00.500000+00:00"),
    ],
)
def test_times_have_one_spelling(text, same):
    assert utc_text(text) == same


def test_the_span_kind_is_not_an_attribute_as_well():
    assert without_kind({"openinference": {"span": {"kind": "LLM"}}, "a": 1}) == {"a": 1}
    assert without_kind({"openinference": {"span": {"kind": "LLM", "x": 1}}}) == {"openinference": {"span": {"x": 1}}}
    assert without_kind({"openinference": "text"}) == {"openinference": "text"}


def test_a_path_is_written_so_that_no_name_is_special():
    assert expression(("f", "it's")) == "attributes[['f', \"it's\"]]"


NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Sun, 01 Mar 2026 00:00:09 GMT", 9.0),
        ("Sun, 01 Mar 2026 00:00:09 -0000", 9.0),
        ("Sat, 28 Feb 2026 00:00:00 GMT", 0.0),
        ("soon", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert retry_after_seconds(httpx.Response(429, headers={"retry-after": header}), NOW) == seconds


def test_every_refusal_has_a_hint():
    assert all(hint_for(status).endswith(".") for status in (301, 400, 401, 403, 404, 422))


@pytest.mark.parametrize(
    ("url", "shown"),
    [("http://u:p@h:1/x?k=v", "http://h:1/x"), ("http://h:1/", "http://h:1")],
)
def test_an_address_is_shown_without_its_secrets(url, shown):
    assert shown_url(url) == shown


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        ("http://h", ssl.CERT_NONE),
        ("HTTP://h", ssl.CERT_NONE),
        ("https://h", ssl.CERT_REQUIRED),
        ("HTTPS://h", ssl.CERT_REQUIRED),
    ],
)
async def test_certificates_are_verified_however_https_is_written(monkeypatch, url, mode):
    made = []
    client = httpx.AsyncClient

    def noted(**settings):
        made.append(httpx.create_ssl_context(verify=settings["verify"]).verify_mode)
        return client(**settings)

    monkeypatch.setattr(httpx, "AsyncClient", noted)
    async with Connection(PhoenixSettings(url=url)):
        assert made == [mode]


def test_what_is_not_a_url_is_a_configuration_error_without_its_secrets():
    with pytest.raises(ConfigurationError, match="Write http://host:port") as refused:
        Phoenix(PhoenixSettings(url="http://u:hunter2@h:port"))
    assert "hunter2" not in str(refused.value)


async def test_results_come_in_order_and_a_failure_ends_them():
    async def job(number: int) -> int:
        if number == 3:
            raise ValueError(number)
        return number

    jobs = [lambda n=n: job(n) for n in range(5)]
    seen = []
    with pytest.raises(ValueError, match="3"):  # noqa: PT012
        async for result in in_order(jobs, 2):
            seen.append(result)  # noqa: PERF401
    assert seen == [0, 1, 2]
