"""Great Expectations between the stages: one suite module per table."""
