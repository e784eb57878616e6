"""Decisions on authorisations: drafted, compared and agreed to by two people; operators put them in force."""
