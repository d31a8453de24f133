"""E-mail through a mail server of yours: the same mail as by SES, over TLS, STARTTLS or in the open."""

from pydantic import Field, SecretStr

from tasks.shared.channels.channel import Channel, Sent
from tasks.shared.channels.mail import MailOptions, as_mail, preview
from tasks.shared.channels.message import Message
from tasks.shared.gateways.smtp import MailServer, Security


class SmtpOptions(MailOptions):
    """Addresses, and which server."""

    host: str = Field(min_length=1, description="the mail server")
    port: int = Field(587, ge=1, le=65535, description="its port; 465 is usual for tls")
    security: Security = Field("starttls", description="starttls, tls (from the first byte) or none")
    username: str = Field("", description="login; none when empty")
    password: SecretStr = Field(SecretStr(""), description="password of the login")
    ca_file: str = Field("", description="file with the authority of the server's certificate; the system's when empty")


def send(message: Message, options: SmtpOptions, _earlier: str) -> Sent:
    """Hand the mail in; a recipient that alone is refused is told of."""
    mail = as_mail(message, options)
    server = MailServer(
        options.host,
        options.port,
        options.security,
        options.username,
        options.password.get_secret_value(),
        options.ca_file,
        options.timeout_seconds,
    )
    refused = server.send(mail)
    without = f"; refused by the server: {', '.join(refused)}" if refused else ""
    return Sent(preview(message, options) + without, mail["Message-ID"])


CHANNEL = Channel(options=SmtpOptions, preview=preview, send=send)
