"""One mail over SMTP: with TLS from the first byte, with STARTTLS, or in the open; tried once."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Literal

from tasks.shared.errors import ServiceRefused, ServiceUnavailable

Security = Literal["starttls", "tls", "none"]
PERMANENT = 500


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed in; *password* is sent with `username` only."""

    host: str
    port: int
    security: Security = "starttls"
    username: str = ""
    password: str = ""
    ca_file: str = ""
    timeout_seconds: float = 20.0

    def send(self, mail: EmailMessage) -> tuple[str, ...]:
        """Hand *mail* in; the recipients that the server refused while it took the mail for the others.

        Raises:
            ServiceUnavailable: No connection, no answer in time, or a 4xx of SMTP, which is a refusal for now.
            ServiceRefused: A 5xx, a wrong login, a certificate that is not trusted, or no recipient that is taken.
        """
        with self._plainly(), self._connected() as server:
            if self.username:
                server.login(self.username, self.password)
            return tuple(server.send_message(mail))

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        trusted = ssl.create_default_context(cafile=self.ca_file or None) if self.security != "none" else None
        if self.security == "tls":
            with smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_seconds, context=trusted) as server:
                yield server
            return
        with smtplib.SMTP(self.host, self.port, timeout=self.timeout_seconds) as server:
            if self.security == "starttls":
                server.starttls(context=trusted)
            yield server

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """Turn what smtplib raises into one line to act on."""
        where = f"the mail server {self.host}:{self.port}"
        try:
            yield
        except smtplib.SMTPRecipientsRefused as error:
            said = "; ".join(f"{to}: {code} {_words(words)}" for to, (code, words) in error.recipients.items())
            lasting = any(code >= PERMANENT for code, _ in error.recipients.values())
            kind = ServiceRefused if lasting else ServiceUnavailable
            raise kind(f"{where} takes no mail for {said}. Check the recipients.") from error
        except smtplib.SMTPAuthenticationError as error:
            if error.smtp_code < PERMANENT:
                raise ServiceUnavailable(f"{where} takes no login for now ({error.smtp_code}).") from error
            raise ServiceRefused(
                f"{where} refused the login ({error.smtp_code}). Check username and password."
            ) from error
        except smtplib.SMTPResponseException as error:
            said = f"{where} answered {error.smtp_code} {_words(error.smtp_error)}."
            raise (ServiceRefused if error.smtp_code >= PERMANENT else ServiceUnavailable)(said) from error
        except smtplib.SMTPNotSupportedError as error:
            raise ServiceRefused(f"{where}: {error} Check security, username and port.") from error
        except ssl.SSLError as error:
            raise ServiceRefused(
                f"{where} has no certificate that is trusted, or speaks no TLS there: {error.reason or error}. "
                "Check port and security, or name its authority in ca_file."
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise ServiceUnavailable(f"{where} cannot be reached: {type(error).__name__} {error}.") from error


def _words(said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return " ".join(text.split())
