"""The exception tree of the kernel. Docstrings are the default messages; no message carries an SSIN.

CrossroadsError
├── InvalidValue            a value that cannot be what it says it is
│   ├── InvalidSsin
│   ├── InvalidPeriod
│   └── InvalidIdentifier
├── Refused                 understood, and refused with a reason
├── Conflict                the same reference with another body, or a rule of exclusivity
├── Unavailable             cannot be done now; may be tried again later
├── Malformed               an input that does not have its form; says where
└── Tampered                a signature, proof or digest does not hold
"""

from typing import NamedTuple

from crossroads.kernel.codes import Code


class CrossroadsError(Exception):
    """Something went wrong in Crossroads. `code` is the stable code, where there is one."""

    def __init__(self, message: str = "", *, code: Code | None = None) -> None:
        """Keep the code; the message defaults to its description, then to the docstring."""
        super().__init__(message or (code.description if code else "") or (self.__doc__ or "").strip())
        self.code = code

    @property
    def sentence(self) -> str:
        """The message as it was given: where it is a `Sentence`, other languages can say it."""
        given: str = self.args[0]
        return given


class InvalidValue(CrossroadsError, ValueError):
    """The value cannot be what it says it is."""


class InvalidSsin(InvalidValue):
    """The number is not an SSIN."""


class InvalidPeriod(InvalidValue):
    """The period ends before it starts."""


class InvalidIdentifier(InvalidValue):
    """The identifier has not the form it should have."""


class Refused(CrossroadsError):
    """The request was understood and refused."""


class Conflict(CrossroadsError):
    """What is asked conflicts with what is recorded."""


class Unavailable(CrossroadsError):
    """It cannot be done now; it may be tried again later."""


class Tampered(CrossroadsError):
    """A signature, proof or digest does not hold."""


class Fault(NamedTuple):
    """One thing that is wrong with an input: where (`$.asker.agent`), which Belgif type, and what, in a sentence."""

    path: str
    type: str
    detail: str


class Malformed(CrossroadsError):
    """The input has not its form."""

    def __init__(self, *faults: Fault) -> None:
        """Keep what is wrong; the message lists it."""
        super().__init__("; ".join(f"{fault.path}: {fault.detail}" for fault in faults))
        self.faults = faults
