"""What MLflow's client raises, as errors that name the server and say what to check."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tasks.shared.errors import ServiceRefused, ServiceUnavailable


@contextmanager
def translated(server: str, secret: str) -> Iterator[None]:
    """Raise ServiceUnavailable or ServiceRefused about *server* in the place of MLflow's errors, without *secret*."""
    from mlflow.exceptions import MlflowException
    from requests import RequestException

    try:
        yield
    except (MlflowException, RequestException) as error:
        status = _status(error)
        # Its own words name the address with the password, and a log prints the cause beside what it caused.
        cause = None if secret else error
        said = (str(error).splitlines() or [type(error).__name__])[0][:500].replace(secret or "\0", "")
        if status in {408, 429} or status >= 500:
            raise ServiceUnavailable(
                f"MLflow at {server} failed: {said}. Check that it is healthy, then run again; "
                "a half-written run is replaced by the next."
            ) from cause
        advice = (
            "Check MLFLOW_TRACKING_USERNAME, ..._PASSWORD or ..._TOKEN and their rights"
            if status in {401, 403}
            else "Check the name or value it complains about"
        )
        raise ServiceRefused(f"MLflow at {server} refused: {said}. {advice}.") from cause


def _status(error: Any) -> int:
    """HTTP status behind an exception of MLflow or requests; 503 where there was no answer."""
    if hasattr(error, "get_http_status_code"):
        return int(error.get_http_status_code())
    return int(error.response.status_code) if error.response is not None else 503
