"""What can go wrong with batches.

CrossroadsError
├── BatchUnknown        no such batch of the institution, or no such part of its result
├── ResultGone          the result was removed
├── FileFault           the file is not what its voucher announced; says in which line
└── Conflict
    └── PartRefused     a part of an upload that does not follow what the hub has; says where that ends
"""

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, CrossroadsError


class BatchUnknown(CrossroadsError):
    """The institution has no such batch, or the batch no such part."""


class ResultGone(CrossroadsError):
    """The result was removed."""

    def __init__(self) -> None:
        """Say why."""
        super().__init__(code=Code.RESULT_GONE)


class FileFault(CrossroadsError):
    """The file is not what its voucher announced. Nothing of it stands in the message but the number of a line."""

    def __init__(self, code: Code, detail: str = "", line: int | None = None) -> None:
        """Keep where it is wrong; lines count from 1."""
        super().__init__(detail, code=code)
        self.refusal, self.line = code, line


class PartRefused(Conflict):
    """The part does not follow what the hub has of the file."""

    def __init__(self, code: Code, received: int) -> None:
        """Keep how many bytes the hub has for good."""
        super().__init__(f"{code.description} The hub has the first {received} bytes of the file.", code=code)
        self.received = received
