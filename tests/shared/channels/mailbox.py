"""A mail server for tests: open, with STARTTLS or TLS, with a login, and refusals by recipient."""

import datetime as dt
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LOGIN, PASSWORD = "nightjar", "s3cret-of-the-mail-server"


@dataclass
class Mailbox:
    """Mails that came; *refusals* are answers by recipient, *answer* that to a mail."""

    refusals: dict[str, str] = field(default_factory=dict)
    answer: str = "250 taken"
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Take or refuse a recipient."""
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 taken"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        """Keep the mail."""
        if self.answer.startswith("250"):
            self.mails.append(BytesParser(EmailMessage, policy=policy.default).parsebytes(envelope.content))
            self.recipients += envelope.rcpt_tos
        return self.answer


def authority(folder: Path) -> tuple[Path, Path]:
    """Files of a certificate for 127.0.0.1 that is its own authority, and of its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private


@contextmanager
def mail_server(security: str, files: tuple[Path, Path], *, login: bool = False) -> Iterator[Mailbox]:
    """A server until the block ends."""
    trusted = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trusted.load_cert_chain(*files)
    mailbox = Mailbox()

    def authenticated(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        wanted = LoginPassword(LOGIN.encode(), PASSWORD.encode())
        return AuthResult(success=given == wanted, handled=False)

    class Server(Controller):
        def _trigger_server(self) -> None:
            """The port is known once it listens."""
            self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()

    server = Server(
        mailbox,
        hostname="127.0.0.1",
        port=0,
        ssl_context=trusted if security == "tls" else None,
        tls_context=trusted if security == "starttls" else None,
        require_starttls=security == "starttls",
        auth_require_tls=security == "starttls",
        auth_required=login,
        authenticator=authenticated if login else None,
    )
    server.start()
    mailbox.port = server.port
    try:
        yield mailbox
    finally:
        server.stop()
