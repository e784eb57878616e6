"""Names and birth dates of people: how they are compared, and the keys by which one is found among millions."""
