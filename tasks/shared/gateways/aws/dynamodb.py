"""A DynamoDB table that an application keeps its users' feedback in, read page by page.

Credentials come from where AWS's own tools take them: environment, profile, role of the machine.
"""

import datetime as dt
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tasks.shared.errors import NightjarError, ServiceRefused, ServiceUnavailable
from tasks.shared.gateways.aws.failures import CREDENTIALS, is_busy, plainly, words_of
from tasks.shared.gateways.aws.questions import Request, queries, scan
from tasks.shared.settings import FeedbackSettings, without_password

Item = dict[str, Any]
SHOWN_TABLES = 10
NOT_ALLOWED = "Allow the role dynamodb:DescribeTable, dynamodb:Scan and dynamodb:Query on the table."
HINTS = {**CREDENTIALS, "AccessDeniedException": NOT_ALLOWED}


@dataclass(frozen=True)
class Page:
    """Items with a rating (numbers are Decimals, as DynamoDB has them), and how many were looked at for them."""

    items: list[Item]
    looked_at: int


class FeedbackTable:
    """The table that the settings name. Nothing is sent before the first question."""

    def __init__(self, settings: FeedbackSettings) -> None:
        self.settings = settings
        self._where = without_password(settings.endpoint_url or "") or settings.region or "the environment's region"

    def key(self) -> tuple[str, ...]:
        """The attributes that tell items apart: those of the settings, or else the table's own key."""
        return self.settings.key or tuple(entry["AttributeName"] for entry in self._described["KeySchema"])

    def pages(self, since: dt.datetime | None = None) -> Iterator[Page]:
        """Every item with a rating, one page in memory at a time; those that are certainly older than *since* are not.

        Raises:
            ConfigurationError: no credentials, no region, or an index that does not fit.
            ServiceRefused: no such table or index, or no permission.
            ServiceUnavailable: out of reach, or throttled through all tries.
        """
        key = self.key()
        if not self.settings.index:
            yield from self._paged(self._client.scan, scan(self.settings, key, since))
            return
        for request in queries(self.settings, key, self._index(), since):
            yield from self._paged(self._client.query, request)

    def _paged(self, ask: Any, request: Request) -> Iterator[Page]:
        request = _encoded(request)
        while True:
            with self._plainly():
                answer = ask(**request)
            yield Page([_decoded(item) for item in answer["Items"]], answer["ScannedCount"])
            if not answer.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
            time.sleep(self.settings.pause_seconds)

    def _index(self) -> dict[str, str]:
        """The attributes of the index's key in their order, with their types."""
        types = {entry["AttributeName"]: entry["AttributeType"] for entry in self._described["AttributeDefinitions"]}
        found = {
            index["IndexName"]: index["KeySchema"]
            for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
            for index in self._described.get(kind, ())
        }
        if self.settings.index not in found:
            raise ServiceRefused(
                f"DynamoDB's table {self.settings.table!r} ({self._where}) has no index {self.settings.index!r}. "
                f"It has: {', '.join(sorted(found)) or 'none'}. Correct feedback.index, or leave it empty to scan."
            )
        ordered = sorted(found[self.settings.index], key=lambda entry: str(entry["KeyType"]))  # HASH, then RANGE
        return {entry["AttributeName"]: types[entry["AttributeName"]] for entry in ordered}

    @cached_property
    def _described(self) -> dict[str, Any]:
        with self._plainly():
            return dict(self._client.describe_table(TableName=self.settings.table)["Table"])

    @cached_property
    def _client(self) -> Any:
        import boto3
        from botocore.config import Config

        seconds = self.settings.timeout_seconds
        with self._plainly():
            return boto3.client(
                "dynamodb",
                region_name=self.settings.region,
                endpoint_url=self.settings.endpoint_url,
                config=Config(
                    # `standard` waits longer from try to try, and so it does when throttled.
                    retries={"total_max_attempts": self.settings.attempts, "mode": "standard"},
                    connect_timeout=seconds,
                    read_timeout=seconds,
                ),
            )

    def _plainly(self) -> AbstractContextManager[None]:
        return plainly("DynamoDB", self._where, "feedback.", self._refusal, self.settings.attempts)

    def _refusal(self, answer: Mapping[str, Any]) -> NightjarError:
        code = answer["Error"]["Code"]
        said = f"DynamoDB ({self._where}) refused table {self.settings.table!r}: {words_of(answer)}"
        if code == "ResourceNotFoundException":
            return ServiceRefused(
                f"DynamoDB ({self._where}) has no table {self.settings.table!r}. {self._tables()}"
                "Correct feedback.table, feedback.region or feedback.endpoint_url."
            )
        if is_busy(answer):
            return ServiceUnavailable(
                f"{said}, {self.settings.attempts} times. Run again later, with a longer feedback.pause_seconds or "
                "smaller feedback.page_items."
            )
        return ServiceRefused(f"{said}. {HINTS.get(code, 'Check the settings of [feedback].')}")

    def _tables(self) -> str:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            names = self._client.list_tables(Limit=SHOWN_TABLES)["TableNames"]
        except (BotoCoreError, ClientError):  # not allowed to look: then nothing can be proposed
            return ""
        return f"It has: {', '.join(names) or 'none'}. "


def _encoded(request: Request) -> Request:
    """*request* with its values as DynamoDB's typed JSON."""
    from boto3.dynamodb.types import TypeSerializer

    values = request.get("ExpressionAttributeValues")
    if not values:
        return dict(request)
    encode = TypeSerializer().serialize
    return {**request, "ExpressionAttributeValues": {name: encode(value) for name, value in values.items()}}


def _decoded(item: Item) -> Item:
    from boto3.dynamodb.types import Binary, TypeDeserializer

    decode = TypeDeserializer().deserialize
    plain = {name: decode(value) for name, value in item.items()}
    return {name: bytes(value) if isinstance(value, Binary) else value for name, value in plain.items()}
