"""From which Kubernetes version to which a cluster may go, and by which way."""

from __future__ import annotations

from infra.spec import EnvironmentSpec, Problem, SpecError

LATEST_PATCHES = {34: "1.34.12", 35: "1.35.8", 36: "1.36.4", 37: "1.37.2"}
"""Minor version -> a patch release to pass through on a longer way."""


def refuse_unsupported_jump(spec: EnvironmentSpec, running: str | None) -> None:
    """Refuse a version that the running control plane cannot go to.

    ``running`` is the version that the last successful update recorded, None for a cluster to be made. API servers of
    one cluster may be one minor version apart, and no more (Kubernetes documentation, "Version Skew Policy"); and the
    data that a newer API server has written are nothing for an older one.

    Raises:
        SpecError: the jump is not supported; the fix names the way.
    """
    wanted = spec.cluster.kubernetes_version
    if running is None or wanted == running:
        return
    problem = _problem(_parts(running), _parts(wanted), running, wanted)
    if problem is not None:
        raise SpecError(f"environment {spec.name}", [problem])


def _problem(old: tuple[int, int, int], new: tuple[int, int, int], running: str, wanted: str) -> Problem | None:
    at = ("cluster", "kubernetesVersion")
    if old[0] == new[0] and 0 <= new[1] - old[1] <= 1:
        return None
    if new < old:
        return Problem(
            at,
            f"is a step back from {running}, which the cluster runs: an older API server may not read what a newer one "
            "has written",
            f"write {running}, or restore an etcd backup of that time into a cluster of that version "
            f"(docs/restore-etcd.md)",
            repr(wanted),
        )
    way = ", ".join(_stops(old[1] + 1, new[1]))
    return Problem(
        at,
        f"is {new[1] - old[1]} minor versions above {running}, which the cluster runs, and a control plane may go "
        f"up one "
        "at a time",
        f"go by way of {way}, and roll all instance groups at each",
        repr(wanted),
    )


def _stops(first: int, last: int) -> list[str]:
    return [LATEST_PATCHES.get(minor, f"1.{minor}") for minor in range(first, last)]


def _parts(version: str) -> tuple[int, int, int]:
    major, minor, patch = map(int, version.split("."))
    return major, minor, patch
