"""A whole network on one machine, with an invented population."""
