"""The door to AWS."""

from tasks.shared.gateways.aws.dynamodb import FeedbackTable, Item, Page
from tasks.shared.gateways.aws.telling import Aws

__all__ = ["Aws", "FeedbackTable", "Item", "Page"]
