"""One file per section of the report, with its SQL. A file declares one `Section`; nothing else lists it."""
