"""What stands in the bar of the portal, and who sees it."""

from crossroads.web.site import Link


def _message(text: str) -> str:
    """Mark a text for translation; the page translates it."""
    return text


_ = _message

LINKS = (
    Link(path="/institutions", text=_("Institutions")),
    Link(path="/data-groups", text=_("Data")),
    Link(path="/authorisations", text=_("Authorisations")),
    Link(path="/decision-tables", text=_("Rules")),
    Link(path="/service-levels", text=_("Service levels")),
    Link(path="/about", text=_("About")),
    Link(path="/officer", text=_("Supervision"), roles=frozenset({"officer"})),
    Link(path="/committee", text=_("Committee"), roles=frozenset({"committee"})),
    Link(path="/operator", text=_("Operation"), roles=frozenset({"operator"})),
)
"""Of every page."""
