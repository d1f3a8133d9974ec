"""Who runs an operation, as locks and records name them."""

from __future__ import annotations

import getpass
from collections.abc import Callable

UNKNOWN = "unknown"
"""What stands for a user without a name."""


def user_name() -> str:
    """Return the name of the user, or :data:`UNKNOWN`: a container may run under a number that no user has."""
    # Until Python 3.13 it raises KeyError where there is no name, then OSError.
    named: Callable[[], str] = getpass.getuser
    try:
        return named()
    except (KeyError, OSError):
        return UNKNOWN
