"""The portal as one application."""

from contextlib import AbstractAsyncContextManager

from litestar.datastructures import State
from litestar.di import Provide

from crossroads.bootstrap.portal import PublicServices
from crossroads.bootstrap.portal_settings import PortalSettings
from crossroads.bootstrap.settings import Installation, load
from crossroads.kernel.errors import Refused
from crossroads.portal.citizen import provide_citizen
from crossroads.portal.deputy import provide_deputy
from crossroads.portal.office import provide_holder
from crossroads.portal.opening import opened
from crossroads.portal.pages import (
    acting,
    box,
    citizen,
    citizen_errors,
    committee,
    downloads,
    explained,
    me,
    officer,
    officer_patterns,
    operator,
    public,
    rules,
)
from crossroads.web.charts import Charts
from crossroads.web.manners import Manners
from crossroads.web.program import program
from crossroads.web.site import Site

ROUTES = (
    *public.ROUTES,
    *downloads.ROUTES,
    *rules.ROUTES,
    *explained.ROUTES,
    *me.ROUTES,
    *citizen.ROUTES,
    *citizen_errors.ROUTES,
    *box.ROUTES,
    *acting.ROUTES,
    *operator.ROUTES,
    *officer.ROUTES,
    *officer_patterns.ROUTES,
    *committee.ROUTES,
)
"""Every page of the portal."""


def create() -> Manners:
    """Make the portal of the installation that the environment names."""
    return application(load())


def application(installation: Installation) -> Manners:
    """Make the portal of an installation. Raises Refused where it has none."""
    settings = portal_settings(installation)

    def opening(state: State) -> AbstractAsyncContextManager[Site]:
        return opened(installation, settings, state)

    charts = Charts()
    dependencies = {
        "public": Provide(_public, sync_to_thread=False),
        "citizen": Provide(provide_citizen),
        "deputy": Provide(provide_deputy),
        "held": Provide(provide_holder),
        "charts": Provide(lambda: charts, sync_to_thread=False),
    }
    return program(
        ROUTES,
        opening,
        dependencies,
        most_a_minute=settings.most_a_minute,
        behind_proxy=settings.behind_proxy,
    )


def portal_settings(installation: Installation) -> PortalSettings:
    """Give the settings of the portal, which are safe. Raises Refused, UnsafePortal, UnsafeAddress."""
    settings = installation.settings.portal
    if settings is None:
        raise Refused("This installation has no portal: set `portal` in crossroads.yaml (docs/how-to/portal.md).")
    settings.check_safe(hub_database_url=installation.settings.database_url)
    return settings


def _public(state: State) -> PublicServices:
    found: PublicServices = state.public
    return found
