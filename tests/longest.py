"""Test files that take long, longest first: they start first, so that at the end no worker waits for one of them.

A file that is not here takes less than about ten seconds. One that is and no longer does costs nothing.
"""

from collections.abc import Sequence

import pytest

LONGEST: Sequence[str] = (
    "test_demo",
    "test_portal_journeys",
    "test_batches_survive",
    "test_brought_items",
    "test_statuses_listening",
    "test_statuses",
    "test_sources_that_fail",
    "test_upgrade",
    "test_portal_offices",
    "test_portal_committee",
    "test_hub_that_dies",
    "test_audit_archive_command",
    "test_consumer_processes",
    "test_batches_stalled",
    "test_batches_two_machines",
    "test_portal_citizen",
    "test_portal_box",
    "test_changes_survive",
    "test_desk_files",
    "test_desk_browser",
    "test_status_pages",
    "test_status_checks",
    "test_status_pages_browser",
    "test_batch_client",
    "test_embedded_postgres",
    "test_batch_files",
    "test_months_of_an_upgrade",
    "test_database_that_stops",
    "test_inscriptions_command",
    "test_portal_acting",
    "test_participant_command",
    "test_participant_page_worker",
    "test_daily_feed",
    "test_desk",
    "test_desk_roles",
    "test_participant_pages",
    "test_several_hub_processes",
    "test_portal_browser",
    "test_portal_operator",
    "test_batch_running",
    "test_changes",
    "test_corrections",
    "test_register_feed",
    "test_supervision",
    "test_batch_sources_fail",
    "test_fuzz",
)
_PLACES = {name: place for place, name in enumerate(LONGEST)}


def longest_first(items: list[pytest.Item]) -> None:
    """Put the tests of long files before all others; nothing else changes its place."""
    items.sort(key=lambda item: _PLACES.get(item.path.stem, len(_PLACES)))
