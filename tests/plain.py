"""HTTP without TLS, as the programs on this machine are asked."""

from ssl import PROTOCOL_TLS_CLIENT, SSLContext

NO_TLS = SSLContext(PROTOCOL_TLS_CLIENT)
"""Trusts nobody. A client that is given none reads the authorities of the world first, which takes it 20 ms."""
