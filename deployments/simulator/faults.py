"""What the simulated provider does wrong on purpose, and how good its judge is."""

import random
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Share = float
Fault = Literal["rate_limited", "server_error", "hang", "malformed"]


class Faults(BaseModel):
    """Settings of the simulated provider, changed while it runs by `POST /simulated/faults`. Rates are shares."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(7, description="equal seeds draw equal faults and verdicts")
    latency_ms: float = Field(20.0, ge=0, description="time an answer takes")
    rate_429: Share = Field(0.0, ge=0, le=1, description="answers 429 with Retry-After")
    retry_after_seconds: float = Field(1.0, ge=0, description="what Retry-After says")
    rate_500: Share = Field(0.0, ge=0, le=1, description="answers 500")
    rate_hang: Share = Field(0.0, ge=0, le=1, description="answers only after hang_seconds")
    hang_seconds: float = Field(120.0, ge=0, description="how long a hanging request hangs")
    rate_malformed: Share = Field(0.0, ge=0, le=1, description="answers text that is not the JSON asked for")
    true_positive_rate: Share = Field(0.9, ge=0, le=1, description="judge: share of true cases it calls true")
    false_positive_rate: Share = Field(0.05, ge=0, le=1, description="judge: share of false cases it calls true")

    def draw(self, request_number: int) -> Fault | None:
        """The fault of that request, None mostly; a retry is another request and draws again."""
        rates: dict[Fault, float] = {
            "rate_limited": self.rate_429,
            "server_error": self.rate_500,
            "hang": self.rate_hang,
            "malformed": self.rate_malformed,
        }
        drawn = random.Random(f"{self.seed}/fault/{request_number}").random()
        for fault, rate in rates.items():
            drawn -= rate
            if drawn < 0:
                return fault
        return None
