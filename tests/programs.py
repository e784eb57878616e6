"""What programs of Crossroads consist of, read once: a process that forks each that is asked for, as the hub its own.

It reads orders from its input, a line of JSON each, and answers with one: the number of the process that it began, or
how one ended, which is null while it runs. See `warm`.
"""

import json
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module

# Metrics are left out: how they are counted is decided where they are read.
_READ = (
    "crossroads.cli.main",
    "crossroads.cli.hub",
    "crossroads.cli.statuses_serving",
    "crossroads.participant.command",
    "crossroads.participant.desk.command",
    "crossroads.participant.desk.app",
    "crossroads.portal.app",
    "crossroads.web.demo_provider.starting",
    "typer._adapters",
)


def answer_orders() -> None:
    """Read everything, then answer until whoever asks has ended; what still runs then ends too."""
    modules = [import_module(name) for name in (*_READ, "crossroads.kernel.memory")]
    modules[-1].settle()
    codes: dict[int, int | None] = {}
    for line in sys.stdin.buffer:
        order = json.loads(line)
        if pid := order.get("ended"):
            codes[pid] = answer = _ended(pid) if codes[pid] is None else codes[pid]
        else:
            answer = _began(**order)
            codes[answer] = None
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()
    for pid in (pid for pid, code in codes.items() if code is None):
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _ended(pid: int) -> int | None:
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def _began(arguments: list[str], log: str, environment: dict[str, str]) -> int:
    if pid := os.fork():
        return pid
    os.setsid()
    with open(os.devnull, "rb") as nothing, open(log, "ab") as output:  # noqa: PTH123 - their numbers are wanted
        for file, number in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(file.fileno(), number)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["crossroads", *arguments]
    sys.exit(sys.modules["crossroads.cli.main"].run())


if __name__ == "__main__":
    answer_orders()
