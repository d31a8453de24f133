"""Pure statistics, each function citing its source. No data frames, no I/O."""
