"""What two or more stages need. Closed: a new module here is a deliberate change."""
