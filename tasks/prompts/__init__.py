"""Prompts: what lies in the hub, what its sections cost, and the search for better ones."""
