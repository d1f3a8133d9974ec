"""What is written for each cause: every reason of the kubelet's, and where in the file its container stands."""

from __future__ import annotations

import pytest

from infra.ops.pod_trouble import MOUNT, PROBE, UNSCHEDULED, Trouble
from infra.ops.validate.remedies import remedy
from tests.infra.ops.validate.test_workloads import SPEC

(WEB,) = (each for each in SPEC.declared_workloads if each.name == "proxied")
FILE = "apps/proxied.yaml"
LOGS = "read kubectl logs -n web p -c proxied"
DESCRIBED = "read kubectl describe pod -n web p"
NAMES = f"make what it names, or correct secrets in {FILE}"


def way_out(reason: str, words: str, container: str = "proxied") -> str:
    return remedy(WEB, Trouble("p", container, reason, words))


@pytest.mark.parametrize(
    "reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"]
)
def test_an_image_that_the_kubelet_did_not_get(reason: str) -> None:
    assert way_out(reason, "x") == f"correct image in {FILE}, or push it; the machines' role must be let pull it"
    assert way_out(reason, "x", "proxy").startswith(f"correct helpers[1].image in {FILE}, ")
    assert way_out(reason, "x", "stream-0-0").startswith(f"correct sidecars[0].image in {FILE}, ")
    assert way_out(reason, "x", "agent-1").startswith(f"correct sidecars[1].image in {FILE}, ")


@pytest.mark.parametrize("reason", ["CreateContainerError", "RunContainerError", "StartError"])
def test_a_container_that_did_not_come_to_run(reason: str) -> None:
    assert way_out(reason, "who knows") == LOGS
    assert way_out(reason, 'exec: "serve": executable file not found in $PATH') == (
        f"correct command in {FILE}: the image has no such program"
    )


@pytest.mark.parametrize(
    ("reason", "words", "expected"),
    [
        # Only where these reasons and these words meet.
        ("CreateContainerConfigError", "image will run as root", NAMES),
        (MOUNT, 'configmap "settings" not found', DESCRIBED),
        (MOUNT, 'secret "settings" not found', NAMES),
        ("SomethingNew", 'secret "settings" not found', DESCRIBED),
        ("SomethingNew", "connection refused", DESCRIBED),
        (PROBE, "connection refused", f"{LOGS} for where it listens, and correct ports or probes in {FILE}"),
        (PROBE, "HTTP probe failed with statuscode: 500", f"{LOGS}, or correct probes in {FILE}"),
        ("SomethingNew", "no nodes available to schedule pods", DESCRIBED),
        (
            UNSCHEDULED,
            "no nodes available to schedule pods",
            "see why the cluster has no nodes: slipway validate without --workload",
        ),
        (UNSCHEDULED, 'waits; claim "data" not found', f"correct claims in {FILE}"),
        (
            UNSCHEDULED,
            "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
            f"correct claims in {FILE}",
        ),
        ("ended with 2 (Error)", "no such table", LOGS),
    ],
)
def test_reasons_and_words(reason: str, words: str, expected: str) -> None:
    assert way_out(reason, words) == expected


@pytest.mark.parametrize(
    "words", ["dial tcp: i/o timeout", "Operation timed out", "connect ETIMEDOUT 10.0.0.9", "timed-out"]
)
def test_nobody_answers(words: str) -> None:
    assert way_out("CrashLoopBackOff", words).startswith(
        f"name whom it calls under to in {FILE}, and it under from there"
    )


def test_where_the_file_speaks_of_a_helper() -> None:
    assert way_out("CrashLoopBackOff", "open /data: permission denied") == (
        f"correct security.runAsUser in {FILE}, or name the folder that it writes to under scratch"
    )
    assert way_out("CrashLoopBackOff", "open /data: permission denied", "proxy") == (
        f"correct helpers[1].runAsUser in {FILE}, or name the folder that it writes to under scratch"
    )
    done = "last exit 0 (Completed)"
    assert way_out("CrashLoopBackOff", done) == (
        f"write kind: Job in {FILE}, or a command that goes on: it ends by itself, with success"
    )
    assert way_out("CrashLoopBackOff", done, "proxy").startswith(f"write runs: before at helpers[1] in {FILE}, ")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ('Usage of EmptyDir volume "scratch-2" exceeds the limit "1Mi". ', "scratch[2].sizeMi"),
        ('Usage of EmptyDir volume "buffer-1" exceeds the limit "1Mi". ', "sidecars[1].sizeMi"),
        ("Pod ephemeral local storage usage exceeds the total limit", "resources.ephemeralStorage"),
    ],
)
def test_what_it_wrote_was_too_much(words: str, expected: str) -> None:
    assert way_out("Evicted", words) == f"raise {expected} in {FILE}"
