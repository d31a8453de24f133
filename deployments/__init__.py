"""WHERE it runs: the local stack, the simulator, and how deployments reach a server."""

import os

# Prefect reports to its maker from the moment it is imported, unless told before.
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
