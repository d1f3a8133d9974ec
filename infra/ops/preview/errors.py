"""What stops a report from being made."""

from __future__ import annotations


class PreviewError(Exception):
    """A report cannot be made. Its text names what, where, and the fix."""
