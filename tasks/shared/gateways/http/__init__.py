"""One request to a web service that is told something: tried once, and its refusal in a line without the address.

The address of a webhook is its password, so messages name the host alone.
"""

from tasks.shared.gateways.http.requests import Answer, host_of, post, retry_after_seconds, seconds_until_date

__all__ = ["Answer", "host_of", "post", "retry_after_seconds", "seconds_until_date"]
