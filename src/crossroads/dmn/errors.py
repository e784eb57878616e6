"""What can be wrong with a decision model, said where it stands.

CrossroadsError
└── BadModel                the model cannot be used; says where, in words
    └── CircularModel       decisions that require each other
"""

from crossroads.dmn.model import NOWHERE, Place
from crossroads.kernel.errors import CrossroadsError


class BadModel(CrossroadsError):
    """The decision model cannot be used."""

    def __init__(self, message: str, where: Place = NOWHERE) -> None:
        """Keep the place; the sentence begins with it."""
        super().__init__(f"{where}: {message}")
        self.message = message
        self.where = where


class CircularModel(BadModel):
    """Decisions require each other in a circle."""
