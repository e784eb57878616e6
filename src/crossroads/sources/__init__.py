"""Every call that leaves the hub."""
