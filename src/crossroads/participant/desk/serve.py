"""Running a desk: one process."""

from crossroads.kernel.clock import SystemClock
from crossroads.participant import website_running
from crossroads.participant.desk.app import application
from crossroads.participant.desk.config import DeskConfig


def serve(config: DeskConfig) -> None:
    """Serve until SIGINT or SIGTERM. Raises what is wrong with the settings before it listens."""
    config.check()
    website_running.run(config, lambda: application(config, SystemClock()))
