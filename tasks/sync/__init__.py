"""What agents did, from Phoenix into a knowledge store, and what can be learned from it: guidelines."""
