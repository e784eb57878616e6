"""What an institution runs to join. Imports only kernel and wire, never the hub."""
