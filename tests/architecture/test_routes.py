"""Every route of the hub declares its guard, and one that needs a signature cannot forget the nonce."""

from pathlib import Path

import pytest
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from crossroads.api.app import application
from crossroads.bootstrap.settings import Installation, Settings
from crossroads.kernel.guards import Guard


def handlers() -> list[tuple[str, HTTPRouteHandler]]:
    app = application(Installation(Settings(), Path("nowhere")))
    found = {}
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if "OPTIONS" not in handler.http_methods or len(handler.http_methods) > 1:
                    found[f"{' '.join(sorted(handler.http_methods))} {route.path}"] = handler
    return sorted(found.items())


ROUTES = handlers()


@pytest.mark.parametrize(("name", "handler"), ROUTES, ids=[name for name, _ in ROUTES])
def test_a_route_declares_its_guard(name: str, handler: HTTPRouteHandler) -> None:
    assert handler.opt.get("guard") in set(Guard), name


@pytest.mark.parametrize(("name", "handler"), ROUTES, ids=[name for name, _ in ROUTES])
def test_a_guarded_route_takes_what_checks_the_nonce(name: str, handler: HTTPRouteHandler) -> None:
    parameters = set(handler.parsed_fn_signature.parameters)
    if handler.opt["guard"] is Guard.INSTITUTION:
        # `signed` has asked the gate; the exchange asks it together with the facts of the person.
        assert "signed" in parameters or name == "POST /v1/exchanges"
    else:
        assert not parameters & {"signed", "authentic"}


@pytest.mark.parametrize(("name", "handler"), ROUTES, ids=[name for name, _ in ROUTES])
def test_nothing_about_a_person_is_in_a_url(name: str, handler: HTTPRouteHandler) -> None:
    words = ("ssin", "niss", "insz", "birth", "person_")
    assert not [word for word in words if word in name.lower()]
    if handler.opt["guard"] is not Guard.PUBLIC and not name.partition(" ")[2].startswith(("/v1/batches", "/v1/jobs")):
        # Of batches and jobs a URL holds the ticket alone; a part of a file is its body.
        assert name.startswith("POST ")
