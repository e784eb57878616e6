"""A consumer as a program of its own, to be killed: `consuming.py SETTINGS DATABASE-URL LANES LANE [SECONDS-EACH]`."""

import os
import sys
import time
from pathlib import Path
from threading import Event

from sqlalchemy import Connection, create_engine, text

from crossroads.participant.client import SyncClient
from crossroads.participant.client_settings import client_settings
from crossroads.participant.consumer import Consumer
from crossroads.participant.inbox import Inbox
from crossroads.wire.mutations import Item

SLOW = "0.01"
"""Seconds that an item takes, so that a kill finds it at work."""


def main(settings: str, database: str, lanes: str, lane: str, each: str = SLOW) -> None:
    """Empty the lane until killed."""

    def handle(item: Item, transaction: Connection) -> None:
        assert item.change is not None
        values = {"number": item.number, "ssin": item.change.ssin.value}
        transaction.execute(text("insert into handled (number, ssin) values (:number, :ssin)"), values)
        time.sleep(float(each))

    store = Inbox(create_engine(database))
    with SyncClient(client_settings(Path(settings), "consuming")) as client:
        consumer = Consumer(client, handle, store, int(lanes), int(lane), count=20, lease_seconds=1, attempts=50)
        consumer.run(Event())


def follow_unread(settings: str) -> None:
    """Follow a mailbox by the command, and write what comes where nobody reads any more."""
    from crossroads.participant.mailbox_command import app  # noqa: PLC0415 - a consumer does without commands

    nobody, output = os.pipe()
    os.close(nobody)
    for number, file in ((1, output), (2, os.open(os.devnull, os.O_WRONLY))):
        os.dup2(file, number)
    app(["pull", settings, "--follow"])


if __name__ == "__main__":
    main(*sys.argv[1:])
