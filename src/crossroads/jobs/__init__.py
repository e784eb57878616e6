"""Work that outlives a request: a queue in the database, leases, slices, schedules."""
