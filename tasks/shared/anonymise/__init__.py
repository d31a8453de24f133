"""Personal data and secrets in texts: found by form and checksum, masked the same way within a dataset."""
