"""Feedback read from DynamoDB (moto, over HTTP): whole, in pages, from a day on, throttled, and when it is refused."""

import asyncio
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tasks.shared.errors import ConfigurationError, ServiceRefused, ServiceUnavailable
from tasks.shared.gateways.aws import FeedbackTable
from tasks.shared.gateways.aws.questions import attributes
from tasks.shared.settings import FeedbackSettings
from tests.aws import chat_history
from tests.shared.gateways.phoenix.faulty import Fault, FaultyPhoenix

SINCE = dt.datetime(2026, 11, 19, tzinfo=dt.UTC)
SECONDS = int(SINCE.timestamp())
BUSY = b'{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"too fast"}'


def item(number: int, **values: Any) -> dict[str, Any]:
    return {"session_id": f"s{number % 3}", "message": number, "timestamp": "2026-11-19T10:00:00Z", **values}


def rated(number: int, **values: Any) -> dict[str, Any]:
    return item(number, user_feedback="positive" if number % 2 else "negative", **values)


def settings(url: str, table: str, **changes: Any) -> FeedbackSettings:
    return FeedbackSettings(**({"table": table, "endpoint_url": url, "region": "us-east-1", "attempts": 2} | changes))


def numbers(table: FeedbackTable, since: dt.datetime | None = None) -> list[int]:
    return sorted(int(found["message"]) for page in table.pages(since) for found in page.items)


@pytest.fixture(scope="module")
def mixed(aws_url: str) -> str:
    """Forty messages, every second one rated, with maps, numbers, bytes and words that are reserved."""
    more = {"comment": {"said": "no", "stars": Decimal("2.5")}, "text": "q" * 100, "noise": b"\x00", "language": "de"}
    return chat_history(aws_url, [rated(n, **more) if n % 2 else item(n, text="hi") for n in range(40)])


def test_every_rated_item_comes_once_in_pages_with_the_wanted_attributes_alone(aws_url, mixed):
    table = FeedbackTable(settings(aws_url, mixed, page_items=7, comment_attribute="comment.said"))
    pages = list(table.pages())
    assert table.key() == ("session_id", "message")
    assert sum(page.looked_at for page in pages) == 40
    assert max(page.looked_at for page in pages) == 7
    assert numbers(table) == list(range(1, 40, 2))
    first = next(found for page in pages for found in page.items)
    assert set(first) == {"session_id", "message", "user_feedback", "timestamp", "text", "comment"}
    assert first["comment"] == {"said": "no"}
    assert isinstance(first["message"], Decimal)


def test_a_key_of_the_settings_is_taken_and_read(aws_url, mixed):
    table = FeedbackTable(settings(aws_url, mixed, key=("language",), text_attribute=""))
    assert table.key() == ("language",)
    assert next(found for page in table.pages() for found in page.items)["language"] == "de"


@pytest.mark.parametrize("time_type", ["S", "N"])
@pytest.mark.parametrize("index", ["", "by-rating"])
def test_only_what_is_certainly_older_is_not_asked_for(aws_url, time_type, index):
    if time_type == "S":
        times = ["2026-11-18T20:00:00-08:00", "2026-11-19T00:00:00Z", "2026-11-17T23:00:00Z", "1999-01-01", "1971"]
    else:
        times = [SECONDS + 60, (SECONDS + 60) * 1000, SECONDS - 86400, (SECONDS - 86400) * 1000, 5]
    name = chat_history(aws_url, [rated(n, timestamp=time) for n, time in enumerate(times)], time_type=time_type)
    assert numbers(FeedbackTable(settings(aws_url, name, index=index)), SINCE) == [0, 1]
    assert numbers(FeedbackTable(settings(aws_url, name, index=index))) == [0, 1, 2, 3, 4]


def test_an_item_whose_time_is_missing_or_odd_is_not_left_out_as_older(aws_url):
    odd = [rated(n, sent=value) for n, value in enumerate([None, {"at": "1980"}, "19.11.2026", True, ["1980"]])]
    name = chat_history(aws_url, [*odd, rated(9), rated(10, sent="2026-11-01")])
    assert numbers(FeedbackTable(settings(aws_url, name, time_attribute="sent")), SINCE) == [0, 1, 2, 3, 4, 9]


def test_attributes_inside_others_are_not_asked_for_beside_them():
    nested = FeedbackSettings(comment_attribute="meta.comment", text_attribute="meta", trace_attribute="")
    assert attributes(nested, ["id"]) == ["id", "meta", "session_id", "timestamp", "user_feedback"]


async def test_a_throttled_request_is_tried_again_and_given_up_at_last(aws_url, mixed):
    async with FaultyPhoenix(aws_url) as proxy:
        proxy.plan = lambda _method, _path, n: Fault(400, body=BUSY) if n == 1 else None
        table = FeedbackTable(settings(proxy.url, mixed, key=("message",)))
        assert await asyncio.to_thread(numbers, table) == list(range(1, 40, 2))
        assert proxy.count("/") == 2

        proxy.plan = lambda _method, _path, _n: Fault(400, body=BUSY)
        once = FeedbackTable(settings(proxy.url, mixed, key=("message",), attempts=1))
        with pytest.raises(
            ServiceUnavailable, match=r"ProvisionedThroughputExceededException too fast, 1 times.*pause"
        ):
            await asyncio.to_thread(numbers, once)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"table": "nobodys"}, ServiceRefused, r"has no table 'nobodys'. It has: .*chats-.*Correct feedback.table"),
        ({"index": "by-age"}, ServiceRefused, r"has no index 'by-age'. It has: by-rating, by-time"),
        ({"index": "by-time"}, ConfigurationError, r"partition key 'session_id', not the rating 'user_feedback'"),
        ({"endpoint_url": "nonsense"}, ConfigurationError, r"Invalid endpoint: nonsense"),
        ({"endpoint_url": "http://127.0.0.1:9", "attempts": 1}, ServiceUnavailable, r"cannot be reached: "),
    ],
)
def test_what_is_wrong_is_told_in_one_line(aws_url, mixed, changes, error, words):
    with pytest.raises(error, match=words) as caught:
        numbers(FeedbackTable(settings(aws_url, **({"table": mixed} | changes))))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), r"no usable AWS credentials.*AWS_PROFILE"),
        (("AWS_SECRET_ACCESS_KEY",), r"no usable AWS credentials"),
    ],
)
def test_without_credentials_one_is_told_where_they_belong(aws_url, mixed, monkeypatch, tmp_path, missing, words):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    for name in missing:
        monkeypatch.delenv(name)
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    with pytest.raises(ConfigurationError, match=words):
        FeedbackTable(settings(aws_url, mixed)).key()


def test_without_a_region_one_is_told_to_set_it(monkeypatch, tmp_path):
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError, match=r"no AWS region is known.*Set feedback.region"):
        FeedbackTable(FeedbackSettings(table="chats")).key()


async def test_a_refused_role_is_told_what_to_allow(aws_url, mixed):
    no = b'{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"not yours"}'
    async with FaultyPhoenix(aws_url) as proxy:
        proxy.plan = lambda _method, _path, _n: Fault(400, body=no)
        with pytest.raises(ServiceRefused, match=r"AccessDeniedException not yours. Allow the role dynamodb:Describe"):
            await asyncio.to_thread(FeedbackTable(settings(proxy.url, mixed)).key)
