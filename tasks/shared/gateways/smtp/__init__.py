"""A mail server that is handed one mail. The only door to smtplib."""

from tasks.shared.gateways.smtp.mailing import MailServer, Security

__all__ = ["MailServer", "Security"]
