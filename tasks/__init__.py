"""WHAT Nightjar does: one folder per stage, and what the stages share in `shared`."""
