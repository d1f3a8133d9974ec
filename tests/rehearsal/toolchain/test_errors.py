from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from rehearsal.toolchain.errors import build_failure, file_failure

LOG = Path("/logs/etcd.log")


@pytest.mark.parametrize(
    ("line", "cause", "advice"),
    [
        ("write /x/b001: no space left on device", "the disk is full", "Free some space"),
        ("link: signal: killed", "the system ended the compiler", "GOFLAGS=-p=1"),
        ("dial tcp: lookup proxy: no such host", "the module proxy or package index", "Check the network"),
        ("error: Failed to fetch: `x`", "the module proxy or package index", "Check the network"),
        ("module lookup disabled by GOPROXY=off", "GOPROXY=off forbids downloads", "Unset GOPROXY"),
        ("verifying go.sum: checksum mismatch", "not the file that was pinned", "go clean -modcache"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "not the file that was pinned", "Do not use it"),
        ("open /root/x: permission denied", "a file or folder cannot be written", "SLIPWAY_CACHE_HOME"),
        ("ERROR: No matching distribution found", "the package index has no Go", "install Go yourself"),
        ("server/main.go:3:2: undefined: nope", "exit code 1.", "a fault in the build itself"),
    ],
)
def test_a_failure_tells_its_cause_and_its_fix(line: str, cause: str, advice: str) -> None:
    text = str(build_failure("Building etcd", 1, [line], LOG))
    assert text.startswith(f"Building etcd failed: {cause}") or cause in text.splitlines()[0]
    assert f"\n    {line}\n  The log: {LOG}\n" in text
    assert advice in text.splitlines()[-1]


def test_a_failure_shows_the_last_eight_lines_that_say_something() -> None:
    text = str(build_failure("Building etcd", 2, [f"line {n}" for n in range(12)] + ["", " "], LOG))
    assert [line.strip() for line in text.splitlines() if line.startswith("    ")] == [
        f"line {n}" for n in range(4, 12)
    ]


def test_the_cause_may_stand_before_the_last_line() -> None:
    text = str(build_failure("Building etcd", 1, ["write x: no space left on device", "exit status 2"], LOG))
    assert text.startswith("Building etcd failed: the disk is full.")


def test_a_silent_failure_says_so() -> None:
    assert "\n    (it printed nothing)\n" in str(build_failure("Building etcd", 2, [], LOG))


def test_a_file_that_cannot_be_made_names_itself_and_the_fix() -> None:
    error = OSError(errno.ENOENT, os.strerror(errno.ENOENT), "/proc/x")
    assert str(file_failure("Building etcd", error, Path("/cache"))) == (
        "Building etcd failed: No such file or directory.\n"
        "    /proc/x: No such file or directory\n"
        "  Make the folder named above writable, or set SLIPWAY_CACHE_HOME (and GOCACHE, GOMODCACHE) "
        "to one that is."
    )


def test_a_full_disk_is_told_as_one_whichever_write_met_it() -> None:
    text = str(file_failure("Building etcd", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), Path("/cache")))
    assert text.startswith("Building etcd failed: the disk is full.\n    /cache: No space left on device\n")
