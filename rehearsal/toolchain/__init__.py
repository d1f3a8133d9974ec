"""The programs a rehearsed environment runs: from PATH, from the cache, or built from `tools/`."""

from __future__ import annotations

from rehearsal.toolchain.errors import ToolchainError
from rehearsal.toolchain.provide import resolve
from rehearsal.toolchain.table import DEFAULT_TOOLS, TOOLS

__all__ = ["DEFAULT_TOOLS", "TOOLS", "ToolchainError", "resolve"]
