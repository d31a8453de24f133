"""MLflow: one live run per project and day, per comparison, and one trend run, whatever is killed and run again.

The only importer of `mlflow`, which takes 3 s to import and is therefore imported where it is first needed.
"""

from tasks.shared.gateways.mlflow.experiment import Mlflow, experiment_name, runs_page
from tasks.shared.gateways.mlflow.origin import run_tags
from tasks.shared.gateways.mlflow.run import Dataset, Point, Run

__all__ = ["Dataset", "Mlflow", "Point", "Run", "experiment_name", "run_tags", "runs_page"]
