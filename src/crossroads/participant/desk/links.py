"""What stands in the bar of the desk for whoever is logged in."""

from crossroads.web.site import Link


def _message(text: str) -> str:
    """Mark a text for translation; the page translates it."""
    return text


_ = _message

_LOGGED_IN: frozenset[str] = frozenset()

LINKS = (
    Link(path="/ask", text=_("Ask"), roles=_LOGGED_IN),
    Link(path="/inscriptions", text=_("Inscriptions"), roles=_LOGGED_IN),
    Link(path="/mailbox", text=_("Mailbox"), roles=_LOGGED_IN),
    Link(path="/batches", text=_("Batches"), roles=_LOGGED_IN),
    Link(path="/reports", text=_("Error reports"), roles=_LOGGED_IN),
    Link(path="/traffic", text=_("What was done"), roles=_LOGGED_IN),
)
"""Of every page."""
