"""The lake: one declaration per table, Parquet in, DuckDB SQL out."""
