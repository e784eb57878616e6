"""What can go wrong with jobs.

CrossroadsError
├── LeaseLost           another process works on the job, or it is over
└── Refused
    └── JobUnknown      there is no such job that is not over
"""

from crossroads.kernel.errors import CrossroadsError, Refused


class LeaseLost(CrossroadsError):
    """Another process works on the job now, or it was ended."""


class JobUnknown(Refused):
    """There is no such job that is not over."""
