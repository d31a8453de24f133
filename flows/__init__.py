"""WHEN and in WHAT ORDER: only `@flow` functions, each reading as a paragraph."""

import os

# Prefect and MLflow report to their makers from the moment they are imported, unless told before.
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
