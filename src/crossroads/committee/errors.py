"""What can be wrong with a draft.

CrossroadsError
├── Conflict
│   └── DraftChanged    somebody saved another text meanwhile
└── Refused
    ├── DraftOver       there is none that can still be changed
    ├── DraftUnfit      it makes no right catalogue, or changes nothing
    └── AgreedBefore    by the same person
"""

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, Refused


class DraftChanged(Conflict):
    """Somebody saved another text of the draft meanwhile."""

    def __init__(self) -> None:
        """Say so with its code."""
        super().__init__(code=Code.DRAFT_CHANGED)


class DraftOver(Refused):
    """There is no such draft that can still be changed."""

    def __init__(self) -> None:
        """Say so with its code."""
        super().__init__(code=Code.DRAFT_OVER)


class DraftUnfit(Refused):
    """The draft makes no right catalogue, or changes nothing."""

    def __init__(self, *faults: str) -> None:
        """Say what is wrong, with the code."""
        super().__init__(" ".join((Code.DRAFT_UNFIT.description, *faults)), code=Code.DRAFT_UNFIT)


class AgreedBefore(Refused):
    """The same person agreed before."""

    def __init__(self) -> None:
        """Say so with its code."""
        super().__init__(code=Code.DRAFT_AGREED)
