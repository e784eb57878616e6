"""What the room needs of others: somebody who carries items to the endpoints of institutions."""

from typing import Protocol


class Carrier(Protocol):
    """Carries items to institutions, signed by the hub."""

    async def bring(self, institution: str, body: bytes) -> bytes:
        """Post items to the endpoint of an institution, and give what it answered and signed. Raises Unavailable."""
        ...
