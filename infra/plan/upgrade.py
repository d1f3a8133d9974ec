"""From which Kubernetes version to which a cluster may go, and by which way."""

from __future__ import annotations

from collections.abc import Mapping

from infra.spec import EnvironmentSpec, Problem, SpecError

LATEST_PATCHES = {34: "1.34.12", 35: "1.35.8", 36: "1.36.4", 37: "1.37.2"}
"""Minor version -> a patch release to pass through on a longer way."""

_Version = tuple[int, int, int]


def refuse_unsupported_jump(spec: EnvironmentSpec, running: Mapping[str, str]) -> None:
    """Refuse a version that the running control plane cannot go to.

    ``running`` is member -> the version that it runs, of at least one. API servers of one cluster may be one minor
    version apart, and no more (Kubernetes documentation, "Version Skew Policy"), so the member that is furthest behind
    decides how far up; and the data that a newer API server has written are nothing for an older one, so the member
    that is furthest ahead decides that nothing goes back.

    Raises:
        SpecError: the jump is not supported; the fix names the way.
    """
    ordered = sorted(running, key=lambda member: _parts(running[member]))
    first, last = ordered[0], ordered[-1]
    alike = running[first] == running[last]
    problem = _too_far(running[first], "the cluster" if alike else first, spec.cluster.kubernetes_version) or _back(
        running[last], "the cluster" if alike else last, spec.cluster.kubernetes_version
    )
    if problem is not None:
        raise SpecError(f"environment {spec.name}", [problem])


_AT = ("cluster", "kubernetesVersion")


def _too_far(running: str, who: str, wanted: str) -> Problem | None:
    old, new = _parts(running), _parts(wanted)
    if (new[0], new[1]) <= (old[0], old[1] + 1):
        return None
    way = ", ".join(_stops(old[1] + 1, new[1]))
    return Problem(
        _AT,
        f"is {new[1] - old[1]} minor versions above {running}, which {who} runs, and a control plane may go up one at "
        "a time",
        f"go by way of {way}, and roll all instance groups at each",
        repr(wanted),
    )


def _back(running: str, who: str, wanted: str) -> Problem | None:
    old, new = _parts(running), _parts(wanted)
    if new[:2] >= old[:2]:
        return None
    return Problem(
        _AT,
        f"is a step back from {running}, which {who} runs: an older API server may not read what a newer one has "
        "written",
        f"write {running}, or restore an etcd backup of that time into a cluster of that version "
        "(docs/restore-etcd.md)",
        repr(wanted),
    )


def _stops(first: int, last: int) -> list[str]:
    return [LATEST_PATCHES.get(minor, f"1.{minor}") for minor in range(first, last)]


def _parts(version: str) -> _Version:
    major, minor, patch = map(int, version.split("."))
    return major, minor, patch
