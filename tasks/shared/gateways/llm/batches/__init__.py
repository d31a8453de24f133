"""Providers' batch interfaces: many questions handed in at once, answered within a day, at half the price.

- `batch`     what is handed in and what comes of it, in words of our own
- `bodies`    the requests, made by the same adapters that the synchronous lane uses
- `sending`   what a failed request means: not taken for sure, or nobody knows
- `collecting` what became of batches that are out there, found again after a crash
- `openai_batches`, `anthropic_batches`    the two interfaces
"""

from tasks.shared.gateways.llm.batches.batch import (
    HANDED_IN_WITHIN,
    Batches,
    Lost,
    Progress,
    Question,
    Submission,
    custom_id,
)
from tasks.shared.gateways.llm.batches.collecting import Collector
from tasks.shared.gateways.llm.batches.opening import BATCH_KINDS, open_batches

__all__ = [
    "BATCH_KINDS",
    "HANDED_IN_WITHIN",
    "Batches",
    "Collector",
    "Lost",
    "Progress",
    "Question",
    "Submission",
    "custom_id",
    "open_batches",
]
