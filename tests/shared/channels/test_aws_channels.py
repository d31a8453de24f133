"""SES, SNS and S3 against moto's server: what arrives, what is refused, and AWS out of reach."""

from email import policy
from email.parser import BytesParser

import boto3
import httpx
import pytest

from tasks.shared.channels import deliver
from tests.aws import running_aws
from tests.shared.channels.messages import PARTS_OF_MAIL, a_png, alert, lake_in, report, with_channels

pytestmark = pytest.mark.usefixtures("unchecked")

REGION = "us-east-1"


def client(aws_url: str, service: str):
    return boto3.client(service, endpoint_url=aws_url, region_name=REGION)


@pytest.fixture(scope="module")
def aws_url():
    """A moto of this file's own: its page of everything is no JSON any more once others have used its S3."""
    with running_aws() as url:
        yield url


@pytest.fixture
def tell(aws_url, tmp_path):
    def told(message, dry_run=False, **given):
        settings = with_channels(aws={"region": REGION, "endpoint_url": aws_url, "timeout_seconds": 5, **given})
        return deliver(lake_in(tmp_path / "lake"), settings, message, ["aws"], dry_run=dry_run)[0]

    return told


def ses(**changes):
    return {"kind": "ses", "sender": "nightjar@example.com", "recipients": ["ada@example.com"], **changes}


def handed_in(aws_url: str, reference: str):
    """The mail that moto keeps under the id it gave."""
    models = httpx.get(f"{aws_url}/moto-api/data.json").json()
    raw = [mail for mail in models["ses"]["RawMessage"] if mail["id"] == reference]
    return BytesParser(policy=policy.default).parsebytes(raw[0]["raw_data"].encode())


def test_ses_gets_the_whole_mail_with_its_picture(aws_url, tell):
    client(aws_url, "sesv2").create_email_identity(EmailIdentity="nightjar@example.com")
    found = tell(report(), **ses())
    assert found.status == "sent"
    mail = handed_in(aws_url, found.reference)
    assert mail["Subject"] == "chat, Thursday 19 November 2026"
    assert [part.get_content_type() for part in mail.walk()] == PARTS_OF_MAIL
    (picture,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert (picture["Content-ID"], picture.get_content()) == ("<latency.png>", a_png())


def test_a_sender_that_ses_does_not_know_is_refused_once(tell):
    found = tell(alert(), **ses(sender="stranger@elsewhere.example"))
    assert (found.status, found.attempts) == ("failed", 1)
    assert "SES (http://127.0.0.1" in found.detail
    assert "Check sender and recipients." in found.detail


def test_a_topics_subscribers_get_text_and_attributes_to_filter_by(aws_url, tell):
    topic, messages = subscribed(aws_url, "night")
    found = tell(alert(title="Fehler: größer \N{BULLET} 5 %\n"), kind="sns", topic_arn=topic)
    assert found.status == "sent"
    (heard,) = messages()
    assert heard["Subject"] == "Fehler: gr??er ? 5 %"
    assert heard["Message"].startswith("The error rate is 12 %")
    assert "worst trace: http://phoenix.test/t/1" in heard["Message"]
    assert {name: value["Value"] for name, value in heard["MessageAttributes"].items()} == {
        "event": "raised",
        "severity": "critical",
        "project": "chat",
    }
    assert heard["MessageId"] == found.reference


def test_a_topic_of_machines_gets_json_and_a_fifo_topic_keeps_one_of_two(aws_url, tell, tmp_path):
    topic, messages = subscribed(aws_url, "machines.fifo")
    for folder in ("killed", "after"):
        settings = with_channels(
            aws={"kind": "sns", "topic_arn": topic, "form": "json", "region": REGION, "endpoint_url": aws_url}
        )
        assert deliver(lake_in(tmp_path / folder), settings, alert(), ["aws"])[0].status == "sent"
    import orjson

    (heard,) = messages()
    assert orjson.loads(heard["Message"])["data"] == {"rule": "error_rate", "value": 0.12}


def test_a_topic_that_is_not_there_is_refused_once(tell):
    found = tell(alert(), kind="sns", topic_arn="arn:aws:sns:us-east-1:123456789012:nobody")
    assert (found.status, found.attempts) == ("failed", 1)
    assert "Check topic_arn." in found.detail


def test_the_archive_has_every_file_under_keys_that_are_the_same_again(aws_url, tell, tmp_path):
    s3 = client(aws_url, "s3")
    s3.create_bucket(Bucket="archive")
    found = tell(report(), kind="s3", bucket="archive", prefix="told/")
    settings = with_channels(
        aws={"kind": "s3", "bucket": "archive", "prefix": "told", "region": REGION, "endpoint_url": aws_url}
    )
    again = deliver(lake_in(tmp_path / "after a kill"), settings, report(), ["aws"])[0]
    objects = {each["Key"]: each for each in s3.list_objects_v2(Bucket="archive")["Contents"]}
    folder = found.reference.removeprefix("s3://archive/")
    assert again.reference == found.reference
    assert set(objects) == {
        f"{folder}/{name}" for name in ("message.json", "message.txt", "message.html", "latency.png", "report.html")
    }
    assert folder.startswith("told/chat/2026-11-19/report-chat-day-2026-11-19-")
    stored = s3.get_object(Bucket="archive", Key=f"{folder}/latency.png")
    assert (stored["ContentType"], stored["Body"].read()) == ("image/png", a_png())


def test_a_bucket_that_is_not_there_is_refused_once(tell):
    found = tell(report(), kind="s3", bucket="nowhere")
    assert (found.status, found.attempts) == ("failed", 1)
    assert "NoSuchBucket" in found.detail
    assert "Check bucket and prefix." in found.detail


def test_aws_out_of_reach_is_tried_again(tell):
    found = tell(alert(), **ses(endpoint_url="http://127.0.0.1:9", attempts=2))
    assert (found.status, found.attempts) == ("failed", 2)
    assert "SES (http://127.0.0.1:9) cannot be reached" in found.detail


def test_a_dry_run_names_recipients_subject_and_size_and_asks_nobody(tell):
    found = tell(report(), dry_run=True, **ses(endpoint_url="http://127.0.0.1:9"))
    assert found.status == "dry_run"
    assert found.detail.startswith("mail to ada@example.com: 'chat, Thursday 19 November 2026', ")
    assert found.detail.endswith(" bytes, 1 pictures, report.html attached")
    assert tell(report(), dry_run=True, kind="s3", bucket="archive").detail.startswith("5 objects, ")
    topic = "arn:aws:sns:us-east-1:123456789012:nobody"
    assert tell(report(), dry_run=True, kind="sns", topic_arn=topic).detail.startswith(f"text to {topic}: 'chat, ")


def subscribed(aws_url: str, name: str):
    """A new topic and what a queue of it gets."""
    fifo = {"FifoTopic": "true"} if name.endswith(".fifo") else {}
    sns, sqs = client(aws_url, "sns"), client(aws_url, "sqs")
    topic = sns.create_topic(Name=name, Attributes=fifo)["TopicArn"]
    queue = sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if fifo else {})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def messages():
        import orjson

        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return [orjson.loads(each["Body"]) for each in found]

    return topic, messages
