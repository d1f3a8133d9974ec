"""Which certificates are renewed, who is stopped for it, and what is said of it; kubeadm and containerd stand in."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.plan.control_plane.members import CLIENT_PORT, PEER_PORT
from infra.plan.security import API_PORT
from infra.templates.control_plane import renew_certificates as program

DAY = timedelta(days=1)


@pytest.mark.parametrize(("left", "due"), [(90 * DAY, []), (90 * DAY - timedelta(seconds=1), ["a"]), (-DAY, ["a"])])
def test_the_last_ninety_days_are_the_time_to_renew(left: timedelta, due: list[str]) -> None:
    assert program.due({"b": 365 * DAY, "a": left}) == due


def test_what_a_member_has_not_is_not_due(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [
        {"name": "admin.conf", "residualTime": 0, "missing": True},
        {"name": "apiserver", "residualTime": 86400, "missing": False},
    ]
    monkeypatch.setattr(program, "kubeadm", lambda *_: json.dumps({"certificates": listed}))
    assert program.left() == {"apiserver": DAY}


class Containerd:
    """What `ctr` says of containers that run, by name of the component, and what is done to them."""

    def __init__(self) -> None:
        self.running = {"kube-scheduler": {"s1": "2026-11-24T12:00:00.5Z"}, "kube-controller-manager": {}}
        self.stopped: list[tuple[str, ...]] = []
        self.comes_back = True

    def __call__(self, *command: str) -> str:
        assert command[:3] == ("ctr", "--namespace", "k8s.io")
        match command[3:]:
            case ("containers", "list", "--quiet", condition):
                # One that ended stays listed until the kubelet removes it.
                return "\n".join(["gone", *self.running[condition.partition("==")[2]]])
            case ("tasks", "list"):
                lines = [f"{each} 1 RUNNING" for found in self.running.values() for each in found]
                return "\n".join(["TASK PID STATUS", "gone 2 STOPPED", *lines])
            case ("containers", "info", each):
                (made,) = (found[each] for found in self.running.values() if each in found)
                return json.dumps({"CreatedAt": made})
            case ("tasks", "kill", *how):
                self.stopped.append(tuple(how))
                for found in self.running.values():
                    if found.pop(how[-1], None) and self.comes_back:
                        found["new"] = "2026-11-24T12:00:02.123456789Z"
                return ""
        raise AssertionError(command)


@pytest.fixture
def containerd(monkeypatch: pytest.MonkeyPatch) -> Containerd:
    made = Containerd()
    monkeypatch.setattr(program, "_output", made)
    monkeypatch.setattr(program, "healthy", lambda _: True)
    monkeypatch.setattr(program, "SECONDS", 0)
    return made


def kubeconfig(tmp_path: Path, changed: str) -> Path:
    file = tmp_path / "scheduler.conf"
    file.touch()
    time = datetime.fromisoformat(changed).timestamp()
    os.utime(file, (time, time))
    return file


def test_who_is_older_than_its_kubeconfig_is_stopped_once(containerd: Containerd, tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, "2026-11-24T12:00:00.6+00:00")
    for _ in range(2):
        program.restart("kube-scheduler", "https://127.0.0.1", file)
    assert containerd.stopped == [("--signal", "SIGTERM", "s1")]


def test_who_began_with_it_is_left_alone(containerd: Containerd, tmp_path: Path) -> None:
    program.restart("kube-scheduler", "https://127.0.0.1", kubeconfig(tmp_path, "2026-11-24T12:00:00.4+00:00"))
    assert containerd.stopped == []


@pytest.mark.parametrize("well", [True, False])
def test_who_does_not_come_back_well_is_a_failure(
    containerd: Containerd, tmp_path: Path, well: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    containerd.comes_back = not well
    monkeypatch.setattr(program, "healthy", lambda _: well)
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(SystemExit, match=r"kube-scheduler runs with the new scheduler\.conf\. Roll this member"):
        program.restart("kube-scheduler", "https://127.0.0.1", kubeconfig(tmp_path, "2026-11-24T12:00:01+00:00"))


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, containerd: Containerd) -> dict[str, Any]:
    """The program on a member with one certificate that ends soon; what it did is added to."""
    done: dict[str, Any] = {"renewed": [], "asked": [], "shown": True}
    lasting = {"apiserver": 30 * DAY, "etcd-peer": 300 * DAY}

    def kubeadm(*arguments: str) -> str:
        if arguments[0] == "renew":
            done["renewed"].append(arguments[1])
            lasting[arguments[1]] = 365 * DAY
            return ""
        rows = [{"name": n, "residualTime": int(rest.total_seconds()), "missing": False} for n, rest in lasting.items()]
        return json.dumps({"certificates": rows})

    def shows(address: str, port: int, file: Path) -> bool:
        done["asked"].append((address, port, str(file)))
        return bool(done["shown"])

    facts = tmp_path / "member.json"
    facts.write_text('{"address": "10.20.32.10"}')
    for name in program.READ_ONCE:
        os.utime(kubeconfig(tmp_path, "2026-11-24T12:00:00+00:00").rename(tmp_path / name), (0, 0))
    for name, value in (("kubeadm", kubeadm), ("shows", shows), ("MEMBER", facts)):
        monkeypatch.setattr(program, name, value)
    monkeypatch.setattr(program, "KUBERNETES", tmp_path)
    monkeypatch.setattr(program, "METRICS", tmp_path / "metrics")
    return done


def test_a_day_of_a_member(whole: dict[str, Any], tmp_path: Path) -> None:
    for _ in range(2):
        program.main()
    assert whole["renewed"] == ["apiserver"]
    pki = tmp_path / "pki"
    assert whole["asked"][:3] == [
        ("10.20.32.10", 443, str(pki / "apiserver.crt")),
        ("10.20.32.10", 2379, str(pki / "etcd/server.crt")),
        ("10.20.32.10", 2380, str(pki / "etcd/peer.crt")),
    ]
    told = (tmp_path / "metrics/certificates.prom").read_text().splitlines()
    assert [line.split()[0] for line in told if line[0] != "#"] == [
        'slipway_certificate_not_after_timestamp_seconds{name="apiserver"}',
        'slipway_certificate_not_after_timestamp_seconds{name="etcd-peer"}',
        "slipway_certificates_checked_timestamp_seconds",
    ]
    ends, checked = (float(told[line].split()[1]) for line in (1, -1))
    assert abs(ends - checked - (365 * DAY).total_seconds()) <= 1
    assert abs(checked - datetime.now(UTC).timestamp()) < 60


def test_a_certificate_that_is_not_used_is_a_failure_of_each_day(
    whole: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole["shown"] = False
    monkeypatch.setattr("time.sleep", lambda _: None)
    for _ in range(2):
        with pytest.raises(SystemExit, match=r"does not hold that port 443 shows apiserver\.crt"):
            program.main()
    assert whole["renewed"] == ["apiserver"]
    assert not (tmp_path / "metrics").exists()


def test_the_ports_are_those_of_the_plan() -> None:
    assert list(program.SERVED.values()) == [API_PORT, CLIENT_PORT, PEER_PORT]
