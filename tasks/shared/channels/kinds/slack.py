"""Slack: Block Kit with charts and a thread for each topic by a bot's token, or without both by an incoming webhook."""

from typing import Self

from pydantic import Field, SecretStr, model_validator

from tasks.shared.channels.channel import Channel, Options, Sent
from tasks.shared.channels.message import Message, Picture
from tasks.shared.channels.slack_blocks import blocks
from tasks.shared.channels.wording import with_sign
from tasks.shared.errors import ServiceRefused
from tasks.shared.gateways.http import host_of
from tasks.shared.gateways.slack import Slack, post_to_webhook


class SlackOptions(Options):
    """A bot in a channel, or an incoming webhook."""

    token: SecretStr | None = Field(None, description="bot token: scopes chat:write, files:write and files:read")
    channel: str = Field("", description="id or name of the channel, for a token; the bot has to be in it")
    webhook_url: SecretStr | None = Field(None, description="address of an incoming webhook, in place of a token")
    pictures: int = Field(2, ge=0, le=10, description="pictures that are shown at most")
    api_url: str = Field("https://slack.com/api", description="Slack's web API")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        """A webhook has its channel; a bot needs one."""
        if bool(self.token) == bool(self.webhook_url):
            raise ValueError("give either token and channel, or webhook_url")
        if self.token and not self.channel:
            raise ValueError("token wants channel")
        return self


def preview(message: Message, options: SlackOptions) -> str:
    """Where, and what of it."""
    if options.webhook_url:
        return f"webhook of {host_of(options.webhook_url.get_secret_value())}: {message.title!r}"
    pictures = min(options.pictures, len(message.pictures))
    return f"channel {options.channel}: {message.title!r}" + (f", {pictures} pictures" if pictures else "")


def send(message: Message, options: SlackOptions, earlier: str) -> Sent:
    """Post; *earlier* is `<channel>/<ts>` of the message that began the topic, which this one answers in its thread."""
    title = with_sign(message)
    if options.webhook_url:
        url = options.webhook_url.get_secret_value()
        post_to_webhook(url, title, blocks(message, {}), options.timeout_seconds)
        return Sent(preview(message, options))
    assert options.token
    slack = Slack(options.token.get_secret_value(), options.api_url, options.timeout_seconds)
    thread_ts, without = earlier.rpartition("/")[2], ""
    try:
        shown = {each.name: slack.upload(each.name, each.png, each.description) for each in _chosen(message, options)}
        posted = slack.say(options.channel, title, blocks(message, shown), thread_ts)
    except ServiceRefused as error:
        if not _chosen(message, options):
            raise
        # The words matter more than the pictures.
        posted, without = slack.say(options.channel, title, blocks(message, {}), thread_ts), f"; no pictures: {error}"
    return Sent(preview(message, options) + without, f"{posted.channel}/{posted.ts}")


def _chosen(message: Message, options: SlackOptions) -> tuple[Picture, ...]:
    return message.pictures[: options.pictures]


CHANNEL = Channel(options=SlackOptions, preview=preview, send=send)
