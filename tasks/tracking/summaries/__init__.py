"""One file per group of summary metrics, with its SQL. A file declares one `Summary`; nothing else lists it."""
