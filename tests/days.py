"""The day on which a test runs."""

from datetime import date

from crossroads.kernel.clock import SystemClock, brussels_day


def today() -> date:
    """Give the day in Brussels, by which the rules go: around midnight the machine may have another."""
    return brussels_day(SystemClock().now())
