"""Summary metrics of a day: from the lake into the `metrics` table, and from there to MLflow."""
