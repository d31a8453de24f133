"""SES, S3 and SNS, as what a message is handed to: tried once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tasks.shared.errors import NightjarError, ServiceBusy, ServiceRefused
from tasks.shared.gateways.aws.failures import CREDENTIALS, is_busy, plainly, words_of
from tasks.shared.settings import without_password


@dataclass(frozen=True)
class Aws:
    """An account and region as boto3 finds them (environment, profile, role), unless told otherwise."""

    region: str | None = None
    endpoint_url: str | None = None
    timeout_seconds: float = 20.0

    def mail(self, sender: str, recipients: Sequence[str], mail: bytes, configuration_set: str = "") -> str:
        """Hand SES a whole *mail*; the id that SES gives it."""
        request: dict[str, Any] = {
            "FromEmailAddress": sender,
            "Destination": {"ToAddresses": list(recipients)},
            "Content": {"Raw": {"Data": mail}},
        }
        if configuration_set:
            request["ConfigurationSetName"] = configuration_set
        with self._client("sesv2", "SES", "ses:SendEmail and ses:SendRawEmail", "Check sender and recipients.") as ses:
            return str(ses.send_email(**request)["MessageId"])

    def store(self, bucket: str, objects: Iterable[tuple[str, bytes, str]]) -> None:
        """Put objects (key, content, media type) into S3 in their order, in the place of those with the same keys."""
        with self._client("s3", "S3", "s3:PutObject on the bucket", "Check bucket and prefix.") as s3:
            for key, content, media_type in objects:
                s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType=media_type)

    def publish(self, topic_arn: str, subject: str, text: str, attributes: Mapping[str, str], **fifo: str) -> str:
        """Publish to an SNS topic; the message's id. *fifo* are the group and the key of a FIFO topic."""
        given = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        with self._client("sns", "SNS", "sns:Publish on the topic", "Check topic_arn.") as sns:
            sent = sns.publish(TopicArn=topic_arn, Subject=subject, Message=text, MessageAttributes=given, **fifo)
            return str(sent["MessageId"])

    @cached_property
    def _where(self) -> str:
        return without_password(self.endpoint_url or "") or self.region or "the environment's region"

    @contextmanager
    def _client(self, name: str, service: str, permission: str, hint: str) -> Iterator[Any]:
        import boto3
        from botocore.config import Config

        def refusal(answer: Mapping[str, Any]) -> NightjarError:
            code, said = answer["Error"]["Code"], f"{service} ({self._where}) answered {words_of(answer)}."
            if is_busy(answer):
                return ServiceBusy(said)
            allow = f"Allow the role {permission}." if "AccessDenied" in code or "AuthorizationError" in code else hint
            return ServiceRefused(f"{said} {CREDENTIALS.get(code, allow)}")

        with plainly(service, self._where, "", refusal):
            # The default session of boto3.client is not for threads.
            yield boto3.session.Session().client(
                name,
                region_name=self.region,
                endpoint_url=self.endpoint_url,
                config=Config(
                    retries={"total_max_attempts": 1},  # whoever delivers tries again
                    connect_timeout=self.timeout_seconds,
                    read_timeout=self.timeout_seconds,
                ),
            )
