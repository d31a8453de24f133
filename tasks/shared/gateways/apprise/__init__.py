"""Services that Apprise speaks to, each by an address of its own. The only door to Apprise."""

from tasks.shared.gateways.apprise.notifying import is_known, notify, service_of

__all__ = ["is_known", "notify", "service_of"]
