"""The address at which a program listens: said in words where it cannot be had."""

import errno
import socket

from crossroads.participant.config import Listen
from crossroads.participant.yamlfile import WrongSetting


def check_free(listen: Listen) -> None:
    """Raise WrongSetting where the address cannot be listened on, before anything is opened."""
    try:
        family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        socket.create_server((listen.host, listen.port), family=family).close()
    except OSError as error:
        # What Python adds says the address again.
        why, where, then = str(error.strerror).partition(" (")[0], f"{listen.host}:{listen.port}", ""
        if error.errno == errno.EADDRINUSE:
            then = (
                f" Perhaps this runs already, as in a demo: {who_listens(listen.port)}. Stop that, or set another port "
                "under `listen` in the settings, and in their `url`."
            )
        raise WrongSetting(f"listen: {where} cannot be listened on: {why}.{then}") from error


def who_listens(port: int) -> str:
    """Say by which command one sees the program that has a port."""
    return f"`ss -ltnp 'sport = :{port}'` shows which program has it"
