"""Changes: taken from authentic sources, and brought to the mailboxes of those who must know."""
