"""Fine-tuning files: answers good enough to learn from, chosen, masked, written down, and read back by checks."""
