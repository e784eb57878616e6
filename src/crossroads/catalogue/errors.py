"""What can be wrong with a catalogue, or with a change to it.

CrossroadsError
├── FaultyCatalogue     the files, or what a plan would make of the catalogue; lists every fault
├── Conflict
│   ├── StalePlan       the catalogue has changed since the plan was made
│   ├── AlreadyFounded
│   └── AlreadyRegistered
├── Refused
│   ├── NotSigned       fewer operators signed than the change needs
│   └── UnfitAct        signed, but not an act that may be carried out here and now
└── Unavailable
    └── NotFounded      the installation has no first entry in its log yet
"""

from typing import NamedTuple

from crossroads.kernel.errors import Conflict, CrossroadsError, Refused, Unavailable


class Fault(NamedTuple):
    """One thing that is wrong, and where: file and line are empty and 0 where the catalogue did not come from files."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        """Give the form that editors turn into a link, `file:line: what`."""
        return f"{self.file}:{self.line}: {self.what}" if self.file else self.what


class FaultyCatalogue(CrossroadsError):
    """The catalogue is not right."""

    def __init__(self, *faults: Fault) -> None:
        """Keep every fault; the message lists them."""
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class StalePlan(Conflict):
    """The catalogue has changed since the plan was made. Make the plan again."""


class AlreadyFounded(Conflict):
    """The installation is founded: its log is not empty."""


class AlreadyRegistered(Conflict):
    """A key is registered once: neither its id nor the key itself may be registered again."""


class NotSigned(Refused):
    """The act lacks a signature that it needs."""


class UnfitAct(Refused):
    """The act cannot be carried out here and now."""


class NotFounded(Unavailable):
    """The installation is not founded yet: run `crossroads found`."""
