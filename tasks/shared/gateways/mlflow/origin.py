"""Who and what made a run, as tags."""

from collections.abc import Mapping
from importlib.metadata import version

from tasks.shared.settings import Settings


def run_tags(settings: Settings, flow_run: Mapping[str, str] | None, source: str) -> dict[str, str]:
    """Tags of a run that the stage *source* logs; *flow_run* is `id`, `name` and `url` of the Prefect flow run."""
    tags = {
        "nightjar.tier": settings.tier,
        "nightjar.owner": settings.owner,
        "nightjar.version": version("nightjar"),
        "mlflow.user": settings.owner,
        "mlflow.source.name": f"nightjar {source}",
        "mlflow.source.type": "JOB",
    }
    return tags | {f"prefect.flow_run.{key}": value for key, value in (flow_run or {}).items() if value}
