"""What can go wrong with mailboxes.

CrossroadsError
└── NotTheWriter        another process fills the mailboxes
"""

from crossroads.kernel.errors import CrossroadsError


class NotTheWriter(CrossroadsError):
    """Another process fills the mailboxes now."""
