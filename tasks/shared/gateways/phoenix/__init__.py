"""The door to Phoenix."""

from tasks.shared.gateways.phoenix.annotating import Annotation, AnnotationReceipt
from tasks.shared.gateways.phoenix.gateway import Phoenix
from tasks.shared.gateways.phoenix.links import project_url, session_url, span_url, trace_url

__all__ = ["Annotation", "AnnotationReceipt", "Phoenix", "project_url", "session_url", "span_url", "trace_url"]
