"""One question, one person, one answer."""
