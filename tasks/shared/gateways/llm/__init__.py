"""Large language models: a prompt in, a text or an object of a JSON schema out, with what it used and cost.

The only door to phoenix-evals and to the providers' SDKs. Prompts, adapters and built-in metrics are phoenix-evals';
its executor and rate limiter are not used (one 429 stops everything for five seconds, one late timeout for ever).
"""

from tasks.shared.gateways.llm.batch_writer import BatchWriter
from tasks.shared.gateways.llm.batches import (
    HANDED_IN_WITHIN,
    Batches,
    Collector,
    Lost,
    Progress,
    Question,
    Submission,
    custom_id,
)
from tasks.shared.gateways.llm.call_price import CallPrice, call_price
from tasks.shared.gateways.llm.embeddings import EmbeddingModels, embeddings
from tasks.shared.gateways.llm.model import Model
from tasks.shared.gateways.llm.models import Models
from tasks.shared.gateways.llm.pace import Pace
from tasks.shared.gateways.llm.paid import paid_try
from tasks.shared.gateways.llm.prompts import BuiltinMetric, Prompt, answer_schema, builtin_metric
from tasks.shared.gateways.llm.replies import Reply
from tasks.shared.gateways.llm.traces import JudgeTraces
from tasks.shared.gateways.llm.usage import Usage
from tasks.shared.gateways.llm.writer import Errand, Request, Writer, Written

__all__ = [
    "HANDED_IN_WITHIN",
    "BatchWriter",
    "Batches",
    "BuiltinMetric",
    "CallPrice",
    "Collector",
    "EmbeddingModels",
    "Errand",
    "JudgeTraces",
    "Lost",
    "Model",
    "Models",
    "Pace",
    "Progress",
    "Prompt",
    "Question",
    "Reply",
    "Request",
    "Submission",
    "Usage",
    "Writer",
    "Written",
    "answer_schema",
    "builtin_metric",
    "call_price",
    "custom_id",
    "embeddings",
    "paid_try",
]
