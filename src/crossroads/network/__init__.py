"""A whole installation on one machine: hub, institutions and their processes. For demo, benches and tests."""
