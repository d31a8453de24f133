"""How AWS says no, in one line to act on."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tasks.shared.errors import ConfigurationError, NightjarError, ServiceUnavailable

SHOWN_WORDS = 300
BUSY = {
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "SlowDown",
    "Throttled",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
CREDENTIALS = {
    "ExpiredToken": "Log in again, or renew the credentials.",
    "ExpiredTokenException": "Log in again, or renew the credentials.",
    "IncompleteSignature": "Check the AWS credentials.",
    "InvalidAccessKeyId": "Check the AWS credentials.",
    "InvalidClientTokenId": "Check the AWS credentials.",
    "InvalidSignatureException": "Check the AWS credentials and this machine's clock.",
    "MissingAuthenticationTokenException": "Check the AWS credentials.",
    "SignatureDoesNotMatch": "Check the AWS credentials and this machine's clock.",
    "UnrecognizedClientException": "Check the AWS credentials: AWS does not know them.",
}

Refusal = Callable[[Mapping[str, Any]], NightjarError]


def is_busy(answer: Mapping[str, Any]) -> bool:
    """Whether the same request may succeed later."""
    return answer["Error"]["Code"] in BUSY or answer["ResponseMetadata"]["HTTPStatusCode"] >= 500


def words_of(answer: Mapping[str, Any]) -> str:
    """The error's code and text on one line."""
    words = " ".join(str(answer["Error"].get("Message", "")).split())[:SHOWN_WORDS]
    return f"{answer['Error']['Code']} {words}".rstrip(". ")


@contextmanager
def plainly(service: str, where: str, table: str, refusal: Refusal, attempts: int = 1) -> Iterator[None]:
    """Turn what boto3 raises into one line to act on.

    Args:
        service: What the service is called.
        where: Which of them: endpoint or region.
        table: What stands before the settings `region` and `endpoint_url`: `feedback.`.
        refusal: The error for an answer of AWS that is one.
        attempts: How often it was tried.
    """
    from botocore import exceptions as aws

    times = f" after {attempts} tries" if attempts > 1 else ""
    try:
        yield
    except aws.ClientError as error:
        raise refusal(error.response) from error
    except aws.NoRegionError as error:
        raise ConfigurationError(f"no AWS region is known for {service}. Set {table}region or AWS_REGION.") from error
    except (aws.ConnectionError, aws.HTTPClientError) as error:
        raise ServiceUnavailable(
            f"{service} ({where}) cannot be reached{times}: {error} "
            f"Check {table}region, {table}endpoint_url and the network; then run again."
        ) from error
    except (aws.NoCredentialsError, aws.PartialCredentialsError, aws.CredentialRetrievalError) as error:
        raise ConfigurationError(
            f"there are no usable AWS credentials for {service} ({where}): {error}. Set AWS_PROFILE, "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role."
        ) from error
    except (aws.BotoCoreError, ValueError) as error:  # ValueError: an endpoint that is no URL
        raise ConfigurationError(
            f"{service} ({where}) cannot be asked: {error}. Check {table}region, {table}endpoint_url and the AWS "
            "configuration."
        ) from error
