"""E-mail through Amazon SES: HTML with the charts inside, plain text, and files attached."""

from pydantic import Field

from tasks.shared.channels.channel import Channel, Sent
from tasks.shared.channels.mail import MailOptions, as_mail, preview
from tasks.shared.channels.message import Message
from tasks.shared.gateways.aws import Aws


class SesOptions(MailOptions):
    """Addresses, and where SES is."""

    region: str | None = Field(None, description="AWS region; that of the environment when absent")
    endpoint_url: str | None = Field(None, description="endpoint, for moto and the like")
    configuration_set: str = Field("", description="SES configuration set; none when empty")


def send(message: Message, options: SesOptions, _earlier: str) -> Sent:
    """Hand the whole mail to SES, which gives it an id."""
    aws = Aws(options.region, options.endpoint_url, options.timeout_seconds)
    mail = as_mail(message, options).as_bytes()
    reference = aws.mail(options.sender, options.recipients, mail, options.configuration_set)
    return Sent(preview(message, options), reference)


CHANNEL = Channel(options=SesOptions, preview=preview, send=send)
