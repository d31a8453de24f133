"""A text through Apprise, once. Apprise says of a failure only that it was one; its reasons go to its own log."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tasks.shared.errors import ConfigurationError, ServiceUnavailable


def is_known(url: str) -> bool:
    """Whether Apprise knows a service by *url*."""
    import apprise

    return apprise.Apprise.instantiate(url, suppress_exceptions=True) is not None


def service_of(url: str) -> str:
    """What the service behind *url* is called, without anything of the address."""
    import apprise

    service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if service is None:
        raise ConfigurationError("Apprise knows no service by that url. See the list of services in Apprise's wiki.")
    return str(service.service_name)


def notify(url: str, title: str, text: str, severity: str, files: Sequence[tuple[str, bytes]] = ()) -> None:
    """Send *text* and *files* (name, content) to the service behind *url*.

    Args:
        url: Apprise's address of the service, with all its secrets.
        title: The subject, where the service has one.
        text: Plain text; Apprise cuts it where the service takes less.
        severity: info, warning or critical.
        files: Pictures and the like, where the service takes them.

    Raises:
        ConfigurationError: Apprise knows no such service.
        ServiceUnavailable: It was not taken. Why, Apprise does not say, so another try may help.
    """
    import apprise

    service, kinds = service_of(url), {"warning": apprise.NotifyType.WARNING, "critical": apprise.NotifyType.FAILURE}
    # Its log of a failure may name the address.
    asset = apprise.AppriseAsset(app_id="Nightjar", async_mode=False, secure_logging=True)
    sender = apprise.Apprise(asset=asset)
    sender.add(url)
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name, _ in files]
        for path, (_, content) in zip(paths, files, strict=True):
            path.write_bytes(content)
        taken = sender.notify(
            body=text,
            title=title,
            notify_type=kinds.get(severity, apprise.NotifyType.INFO),
            body_format=apprise.NotifyFormat.TEXT,
            attach=[str(path) for path in paths] or None,
        )
    if not taken:
        raise ServiceUnavailable(f"{service} did not take it. Apprise's log says why; check the address.")
