"""Harmonised statuses and the rights that derive from them: an institution beside the hub, with keys of its own."""
