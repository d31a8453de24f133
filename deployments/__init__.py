"""WHERE it runs: the local stack, the simulator, and how deployments reach a server."""
