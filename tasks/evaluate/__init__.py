"""Score what has no decision yet, one evaluator at a time, and publish the scores to Phoenix as annotations.

An evaluator is one file in `evaluators/`; what it may ask about (spans, traces, sessions) is one SQL file in `units/`.
Correcting judges' scores and comparing variants belong to later stages.
"""
