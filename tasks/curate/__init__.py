"""Curating: which traffic is kept as examples, what people said of it, and fine-tuning files made of it."""
