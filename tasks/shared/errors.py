"""The one error tree.

NightjarError                  anything Nightjar raises on purpose; its text says what, which value, what to do
├── ConfigurationError         a setting, a parameter or a plugin file is wrong; nothing was done
├── NotConfirmed               it would cost more than is spent without a word; it was not begun
├── ServiceError               an outside system did not do its part
│   ├── ServiceUnavailable     down, restarting or too slow after all retries; run again later
│   │   └── ServiceBusy        too many requests at once; it may say when to come back
│   └── ServiceRefused         it answered, and said no (authentication, permission, bad request)
├── StoreError                 the lake cannot be read or written
├── CheckFailed                a critical check failed; the batch was kept out and quarantined
├── CheckBroken                a check itself could not be computed; nothing is known of the data
├── DeliveryFailed             a channel did not take a message; everything else is done; exit code 1
├── GateFailed                 a gate decided against the candidate; everything is written; exit code 1
└── Inconclusive               there is not enough to decide; exit code 2, never green
"""

from collections.abc import Sequence


class NightjarError(Exception):
    """Root of every error raised on purpose. `str(error)` is one line a user can act on."""

    exit_code = 1


class ConfigurationError(NightjarError):
    """A setting, a parameter or a plugin file is wrong; nothing was done."""


class NotConfirmed(NightjarError):
    """It would cost more than is spent without a word; it was not begun."""


class ServiceError(NightjarError):
    """An outside system did not do its part."""


class ServiceUnavailable(ServiceError):
    """The system is down, restarting or too slow after all retries."""


class ServiceBusy(ServiceUnavailable):
    """Too many requests at once; `retry_after_seconds` is when to come back, where the system says so."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ServiceRefused(ServiceError):
    """The system answered and said no."""


class StoreError(NightjarError):
    """The lake cannot be read or written."""


class CheckFailed(NightjarError):
    """A critical check failed; the batch was kept out and its rows quarantined."""


class CheckBroken(NightjarError):
    """A check itself could not be computed; nothing is known of the data, so it was kept out."""


class DeliveryFailed(NightjarError):
    """A channel did not take a message after all tries; everything else is done."""


class GateFailed(NightjarError):
    """A gate decided against the candidate; the verdict and all that belongs to it are written."""

    def __init__(self, message: str, verdict_id: str = "") -> None:
        super().__init__(message)
        self.verdict_id = verdict_id


class Inconclusive(NightjarError):
    """There is not enough to decide.

    `verdict_id` names a gate's verdict, where it was one that could not; `doubts` are the reasons one by one.
    """

    exit_code = 2

    def __init__(self, message: str, verdict_id: str = "", *, doubts: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.verdict_id = verdict_id
        self.doubts = tuple(doubts)
