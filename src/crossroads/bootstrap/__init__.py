"""The wiring: settings, database, keys, processes. The only room that knows concrete things."""
