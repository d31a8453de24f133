"""AWS for tests: moto in a process of its own, asked over HTTP, and a table of chats like an application's."""

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import httpx
import pytest


@contextmanager
def running_aws() -> Iterator[str]:
    """Base URL of a moto server; the environment holds credentials for it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (
        pytest.MonkeyPatch.context() as environment,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server,
    ):
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        try:
            _wait_until_up(url)
            yield url
        finally:
            server.kill()


def _wait_until_up(url: str) -> None:
    for _ in range(300):
        try:
            httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"moto did not answer at {url} within 30 s")


def chat_history(url: str, items: Iterable[dict[str, Any]] = (), *, time_type: str = "S") -> str:
    """The name of a new table with *items*: key `session_id` and `message`, index `by-rating` with `timestamp`."""
    name = f"chats-{uuid.uuid4().hex[:12]}"
    attributes = {"session_id": "S", "message": "N", "user_feedback": "S", "timestamp": time_type}
    database(url).create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": a, "AttributeType": kind} for a, kind in attributes.items()],
        KeySchema=_key("session_id", "message"),
        GlobalSecondaryIndexes=[
            {"IndexName": index, "KeySchema": key, "Projection": {"ProjectionType": "ALL"}}
            for index, key in {
                "by-rating": _key("user_feedback", "timestamp"),
                "by-time": _key("session_id", "timestamp"),
            }.items()
        ],
    )
    put(url, name, items)
    return name


def put(url: str, table: str, items: Iterable[dict[str, Any]]) -> None:
    """Write *items*, over those with the same key."""
    with database(url).Table(table).batch_writer() as writer:
        for item in items:
            writer.put_item(Item=item)


def delete(url: str, table: str, key: dict[str, Any]) -> None:
    """Remove the item with that *key*."""
    database(url).Table(table).delete_item(Key=key)


def database(url: str) -> Any:
    """DynamoDB as boto3's resource."""
    return boto3.resource("dynamodb", endpoint_url=url, region_name="us-east-1")


def _key(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
