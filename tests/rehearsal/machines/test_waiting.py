from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rehearsal.machines.waiting import FILE, Watch, told, waiting_pods


def pod(name: str, image: str, reason: str | None, kind: str = "containerStatuses") -> dict[str, Any]:
    state: dict[str, Any] = {"waiting": {"reason": reason}} if reason else {"running": {}}
    status = {kind: [{"image": image, "state": state}]}
    return {"metadata": {"namespace": "ns", "name": name}, "status": status}


PODS = [
    pod("b", "grafana:1", "ImagePullBackOff"),
    pod("a", "grafana:1", "ErrImagePull", "initContainerStatuses"),
    pod("m", "quay.io/prometheus/prometheus:v3", "ErrImagePull"),
    pod("c", "grafana:1", "CrashLoopBackOff"),
    pod("d", "web:1", None),
    {"metadata": {"namespace": "ns", "name": "pending"}, "status": {}},
]


def test_pods_that_wait_for_an_image_are_found_and_no_others() -> None:
    assert waiting_pods(PODS) == {"grafana:1": ["ns/a", "ns/b"], "quay.io/prometheus/prometheus:v3": ["ns/m"]}


def test_they_are_told_with_what_could_be_built() -> None:
    assert told({}) == ""
    assert told(waiting_pods(PODS)) == (
        "3 pods wait for images that are not built here, and go on waiting:\n"
        "  grafana:1: ns/a, ns/b\n"
        "  quay.io/prometheus/prometheus:v3: ns/m\n"
        "Built when asked for: SLIPWAY_MACHINE_IMAGES=prometheus."
    )
    assert "Built when" not in told({"grafana:1": ["ns/a"]})


def test_what_stays_so_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch(tmp_path)
    assert watch.due()

    def heard(pods: list[dict[str, Any]]) -> str:
        watch.look(pods)
        said = capsys.readouterr()
        return said.out + said.err

    assert heard([]) == heard([]) == ""
    assert heard(PODS[:1]) == ""
    assert not watch.due()
    assert (tmp_path / FILE).read_text().endswith("  grafana:1: ns/b")
    assert "1 pods wait" in heard(PODS[:1])
    assert heard(PODS[:1]) == ""
    assert heard([]) == ""
    assert (tmp_path / FILE).read_text() == ""
    assert "no pod waits" in heard([])
