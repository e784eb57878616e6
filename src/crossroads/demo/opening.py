"""Starting the programs with pages, beside the tour. One that does not start breaks nothing: it is said."""

from crossroads.demo.pages import Pages
from crossroads.demo.personas import WORKING
from crossroads.demo.rights_pages import RIGHTS
from crossroads.demo.running import Runner
from crossroads.kernel.errors import CrossroadsError


class Opening:
    """What becomes of each of them."""

    def __init__(self, runner: Runner, pages: Pages) -> None:
        """Start nothing yet."""
        self._runner, self.pages = runner, pages
        self.failed: dict[str, str] = {}
        """Those that do not run, by name, and why."""

    def launch(self) -> None:
        """Make what they need that is not there, and start all of them; do not wait. The hub must answer."""
        try:
            self.pages.rights.certify()
        except CrossroadsError as error:
            self.failed[RIGHTS] = str(error)
        for desk in self.pages.desks:
            try:
                self._runner.signals.run(desk.appoint(*WORKING[desk.member.institution]))
            except CrossroadsError as error:
                self.failed[desk.name] = str(error)
        network = self._runner.network
        for program in self.pages.programs:
            if program.name not in self.failed:
                log = network.home / "logs" / f"{program.name}.log"
                with self._runner.signals.held():
                    network.processes.start(program.name, program.arguments, log, network.environment)

    def wanting(self, *names: str) -> str:
        """Wait for all; say which of these, of all where none is named, do not run, and why. Empty when all do."""
        self._wait()
        return " ".join(why for name, why in self.failed.items() if name in (names or self.failed))

    def _wait(self) -> None:
        for program in self.pages.programs:
            if program.name in self.failed:
                continue
            processes = self._runner.network.processes
            try:
                processes[program.name].wait_for(f"{program.url}/health")
            except CrossroadsError:
                log = self._runner.network.home / "logs" / f"{program.name}.log"
                self.failed[program.name] = f"{program.name} did not start; see {log}."
                with self._runner.signals.held():
                    processes.stop(program.name)
