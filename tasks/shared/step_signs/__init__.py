"""What shows that a step of a trace failed: its words, the arguments of its tool calls. For evaluators and analyses.

Only what can be told of one step alone belongs here; what a failure means for the trace is for those who ask.
"""
