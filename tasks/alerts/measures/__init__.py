"""One file per measure: a query that gives the units of the traffic with their values."""
