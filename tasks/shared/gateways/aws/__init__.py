"""The door to AWS."""

from tasks.shared.gateways.aws.dynamodb import FeedbackTable, Item, Page

__all__ = ["FeedbackTable", "Item", "Page"]
