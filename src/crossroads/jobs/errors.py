"""What can go wrong with jobs.

CrossroadsError
├── LeaseLost           another process works on the job, or it is over
├── NoJobOfIts          the institution has no such job
└── Refused
    └── JobUnknown      there is no such job, or it is over
"""

from crossroads.kernel.errors import CrossroadsError, Refused


class LeaseLost(CrossroadsError):
    """Another process works on the job now, or it was ended."""


class NoJobOfIts(CrossroadsError):
    """The institution has no such job."""


class JobUnknown(Refused):
    """There is no such job, or it is over already."""
