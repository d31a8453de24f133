"""The door to Slack: its web API with a bot's token, and incoming webhooks."""

from tasks.shared.gateways.slack.api import Posted, Slack, post_to_webhook

__all__ = ["Posted", "Slack", "post_to_webhook"]
