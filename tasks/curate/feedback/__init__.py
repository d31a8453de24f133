"""Feedback that an application recorded: read, matched to the trace it is about, brought to Phoenix."""
