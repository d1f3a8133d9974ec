from __future__ import annotations

import pytest

from infra.plan.upgrade import refuse_unsupported_jump
from infra.spec import SpecError
from tests.infra.samples import sample_spec


def jump(wanted: str, *running: str) -> str | None:
    """Return what is said of a version, with members a, b, c... that run these."""
    members = dict(zip("abcde", running, strict=False))
    try:
        refuse_unsupported_jump(sample_spec(cluster={"kubernetesVersion": wanted}), members)
    except SpecError as error:
        (problem,) = error.problems
        return str(problem)
    return None


@pytest.mark.parametrize(
    ("running", "wanted"),
    [
        (["1.37.2"], "1.37.2"),
        (["1.36.9"], "1.37.0"),
        (["1.37.0"], "1.37.9"),
        # Patch releases share their storage versions: a bad one may be left again.
        (["1.37.2"], "1.37.1"),
        (["1.36.4", "1.37.2", "1.36.4"], "1.37.1"),
        # What was declared and never rolled ran nowhere: it may be left again.
        (["1.36.4", "1.36.4", "1.36.4"], "1.36.4"),
    ],
)
def test_what_is_supported(running: list[str], wanted: str) -> None:
    assert jump(wanted, *running) is None


@pytest.mark.parametrize(
    ("running", "wanted", "way"),
    [
        ("1.34.3", "1.36.0", "1.35.8"),
        ("1.32.9", "1.37.2", "1.33, 1.34.12, 1.35.8, 1.36.4"),
        ("1.30.1", "1.34.0", "1.31, 1.32, 1.33"),
    ],
)
def test_the_way_is_told(running: str, wanted: str, way: str) -> None:
    minors = int(wanted.split(".")[1]) - int(running.split(".")[1])
    assert jump(wanted, running, running) == (
        f"cluster.kubernetesVersion: '{wanted}' is {minors} minor versions above {running}, which the cluster runs, "
        f"and a control plane may go up one at a time. Fix: go by way of {way}, and roll all instance groups at each."
    )


def test_the_member_that_is_furthest_behind_decides_how_far_up() -> None:
    assert jump("1.37.2", "1.36.4", "1.35.8", "1.36.4") == (
        "cluster.kubernetesVersion: '1.37.2' is 2 minor versions above 1.35.8, which b runs, and a control plane may "
        "go up one at a time. Fix: go by way of 1.36.4, and roll all instance groups at each."
    )


def test_a_step_back_is_refused() -> None:
    assert jump("1.36.4", "1.37.2") == (
        "cluster.kubernetesVersion: '1.36.4' is a step back from 1.37.2, which the cluster runs: an older API server "
        "may not read what a newer one has written. Fix: write 1.37.2, or restore an etcd backup of that time into a "
        "cluster of that version (docs/restore-etcd.md)."
    )


def test_the_member_that_is_furthest_ahead_decides_that_nothing_goes_back() -> None:
    told = jump("1.35.8", "1.35.8", "1.36.4", "1.35.8")
    assert told is not None
    assert "is a step back from 1.36.4, which b runs: " in told
    assert "Fix: write 1.36.4, or restore" in told
