"""The desk: pages for the staff of an institution, run at the institution with its own keys."""
