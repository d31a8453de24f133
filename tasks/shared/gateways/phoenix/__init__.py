"""The door to Phoenix."""

from tasks.shared.gateways.phoenix.annotating import Annotation, AnnotationReceipt
from tasks.shared.gateways.phoenix.costs import ModelCost, PricedModel
from tasks.shared.gateways.phoenix.datasets import Dataset, Example, digest_of
from tasks.shared.gateways.phoenix.exceptions import Thrown
from tasks.shared.gateways.phoenix.experiments import (
    Evaluation,
    Experiments,
    NewExperiment,
    PhoenixExperiment,
    PostReceipt,
    Run,
)
from tasks.shared.gateways.phoenix.gateway import Phoenix
from tasks.shared.gateways.phoenix.links import project_url, session_url, span_url, trace_url
from tasks.shared.gateways.phoenix.newest import ListedSpan
from tasks.shared.gateways.phoenix.notes import NoteReceipt
from tasks.shared.gateways.phoenix.prompt_versions import HubPrompt, PromptText
from tasks.shared.gateways.phoenix.prompts import PromptHub, get_prompt
from tasks.shared.gateways.phoenix.traces import Attribute, SentSpan, TraceReceipt

__all__ = [
    "Annotation",
    "AnnotationReceipt",
    "Attribute",
    "Dataset",
    "Evaluation",
    "Example",
    "Experiments",
    "HubPrompt",
    "ListedSpan",
    "ModelCost",
    "NewExperiment",
    "NoteReceipt",
    "Phoenix",
    "PhoenixExperiment",
    "PostReceipt",
    "PricedModel",
    "PromptHub",
    "PromptText",
    "Run",
    "SentSpan",
    "Thrown",
    "TraceReceipt",
    "digest_of",
    "get_prompt",
    "project_url",
    "session_url",
    "span_url",
    "trace_url",
]
