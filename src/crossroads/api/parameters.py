"""The parameters of a URL: a route takes those that it names, each once."""

import re
from collections.abc import Collection, Iterator
from urllib.parse import parse_qsl

from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from crossroads.kernel.errors import Fault, Malformed

_UNKNOWN = "urn:problem-type:belgif:input-validation:unknownInput"
_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"
_WORD = re.compile("[A-Za-z]{1,40}")


def known_to(handler: HTTPRouteHandler) -> frozenset[str]:
    """Give the names of the parameters that a route takes behind the question mark."""
    given = handler.parsed_fn_signature.parameters.items()
    return frozenset(name for name, one in given if isinstance(one.kwarg_definition, QueryParameter))


def check_parameters(query: bytes, known: Collection[str]) -> None:
    """Refuse what a route does not know, or is given twice: it would be passed over. Raises Malformed."""
    if faults := list(_faults(query, known)):
        raise Malformed(*faults)


def _faults(query: bytes, known: Collection[str]) -> Iterator[Fault]:
    names = [name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)]
    for name in dict.fromkeys(names):
        if name not in known:
            # What is no plain word could be anything, a number of a person too.
            yield Fault(name if _WORD.fullmatch(name) else "?", _UNKNOWN, "There is no such query parameter.")
        elif names.count(name) > 1:
            yield Fault(name, _INVALID, "The parameter stands in it twice.")
