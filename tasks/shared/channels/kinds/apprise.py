"""Any of the many services of Apprise (Telegram, Discord, ntfy, Matrix ...): title, text and pictures."""

from pydantic import Field, SecretStr, field_validator

from tasks.shared.channels.channel import Channel, Options, Sent
from tasks.shared.channels.message import Message
from tasks.shared.channels.wording import in_short, with_sign
from tasks.shared.gateways.apprise import is_known, notify, service_of

TEXT_CHARACTERS = 3000


class AppriseOptions(Options):
    """Which service."""

    url: SecretStr = Field(description="Apprise's address of the service: tgram://token/chat; a secret")
    pictures: bool = Field(True, description="whether pictures are attached, where the service takes them")

    @field_validator("url")
    @classmethod
    def _of_a_service(cls, url: SecretStr) -> SecretStr:
        """An address that Apprise does not know would only be found out when something is to be told."""
        if not is_known(url.get_secret_value()):
            raise ValueError("Apprise knows no service by it")
        return url


def preview(message: Message, options: AppriseOptions) -> str:
    """Service and title."""
    return f"text to {service_of(options.url.get_secret_value())}: {message.title!r}"


def send(message: Message, options: AppriseOptions, _earlier: str) -> Sent:
    """One try; Apprise tells no more than whether it went well."""
    facts = "\n".join(f"{name}: {value}" for name, value in message.facts)
    links = "\n".join(f"{link.text}: {link.url}" for link in message.links)
    text = "\n\n".join(part for part in (in_short(message, TEXT_CHARACTERS), facts, links) if part)
    pictures = [(picture.name, picture.png) for picture in message.pictures] if options.pictures else []
    notify(options.url.get_secret_value(), with_sign(message), text, message.severity, pictures)
    return Sent(preview(message, options))


CHANNEL = Channel(options=AppriseOptions, preview=preview, send=send)
