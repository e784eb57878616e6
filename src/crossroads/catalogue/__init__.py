"""What exists: sectors, institutions, keys, data groups, legal contexts, authorisations."""
