"""The simulator: made-up traffic, a made-up model provider and made-up volume, named as what they are.

It knows the ground truth of what it made up and writes it only where told; the pipeline never reads it.

- `traffic`     settings; `simulation.simulate` and `broken.broken` turn them into spans and truth, purely and seeded
- `delivery`    sends a simulation to a real Phoenix
- `provider`    an OpenAI-compatible HTTP server with faults and a judge of known quality
- `bulk`        writes millions of rows straight into the lake, for load tests

`python -m deployments.simulator --help` lists the commands.
"""
