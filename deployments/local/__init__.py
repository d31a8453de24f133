"""The local stack: every server Nightjar meets in production, as processes of one machine, and its commands."""
