"""Letting go of what sources of one's own keep open."""

from collections.abc import Mapping

from crossroads.participant.datasources import DataSource


async def close_sources(sources: Mapping[str, DataSource]) -> None:
    """Close those that functions of the institution's own made, where they have a `close`."""
    for source in sources.values():
        if close := getattr(source, "close", None):
            await close()
