"""A person's box (eBox): messages that institutions publish, whose documents stay with them until they are opened."""
