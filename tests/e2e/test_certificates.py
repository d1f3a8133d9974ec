"""A member's certificates, signed at its boot and renewed while it runs, by the real kubeadm; and who uses them."""

from __future__ import annotations

import dataclasses
import io
import os
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import urllib3
import yaml
from cryptography import x509
from rich.console import Console

from infra.plan.control_plane.files import KUBEADM_FILE, member_files
from infra.plan.control_plane.kubeadm import NODE_NAME
from infra.plan.join import ApiAddress, names
from infra.templates.control_plane import member, renew_certificates
from infra.templates.node import serving_certificate
from rehearsal import controlplane
from rehearsal.controlplane.member import standalone
from rehearsal.processes import Daemon
from rehearsal.providers.kubernetes.api import ApiClient
from rehearsal.providers.kubernetes.kubeconfig import load
from tests.e2e.at_hand import programs_or_skip
from tests.infra.samples import sample_spec

pytestmark = pytest.mark.e2e
CONFIG = "/run/slipway/kubeadm.yaml"
ALL = {
    "apiserver", "apiserver-etcd-client", "apiserver-kubelet-client", "controller-manager.conf",
    "etcd-healthcheck-client", "etcd-peer", "etcd-server", "front-proxy-client", "scheduler.conf",
}  # fmt: skip


@pytest.fixture(scope="module")
def tools() -> dict[str, Path]:
    return programs_or_skip(controlplane.TOOLS, "the control plane's programs")


class Machine:
    """A member's file system, as far as kubeadm sees it: it runs with `root` as its root folder."""

    def __init__(self, root: Path, kubeadm: Path) -> None:
        self.kubernetes = root / "etc/kubernetes"
        self.config = root / CONFIG[1:]
        self.config.parent.mkdir(parents=True)
        self.program = root / "kubeadm"
        self.program.write_text(f'#!/bin/sh\nexec {kubeadm} --rootfs {root} "$@"\n')
        self.program.chmod(0o755)
        spec = sample_spec()
        (text,) = (each.content for each in member_files(spec, spec.instance_groups[0]) if each.path == KUBEADM_FILE)
        self.text = text.replace(NODE_NAME, "i-0123456789abcdef0")

    def configure(self, api: str = "api.internal", hours: int = 8760) -> None:
        text = self.text
        for word, value in names(ApiAddress(api, None)).items():
            text = text.replace(word, value)
        self.config.write_text(text.replace("8760h", f"{hours}h"))

    def contents(self) -> dict[str, bytes]:
        files = (*self.kubernetes.glob("pki/**/*.*"), *self.kubernetes.glob("*.conf"))
        return {str(each.relative_to(self.kubernetes)): each.read_bytes() for each in files}

    def certificate(self, path: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.kubernetes / "pki" / path).read_bytes())


@pytest.fixture
def machine(tmp_path: Path, tools: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Machine:
    if os.geteuid() != 0:
        pytest.skip("kubeadm changes its root folder, which is root's to do")
    made = Machine(tmp_path, tools["kubeadm"])
    for module in (member, renew_certificates):
        monkeypatch.setattr(module, "KUBERNETES", made.kubernetes)
    monkeypatch.setattr(member, "KUBEADM", str(made.program))
    monkeypatch.setattr(renew_certificates, "KUBEADM", (str(made.program),))
    monkeypatch.setattr(renew_certificates, "CONFIG", Path(CONFIG))
    monkeypatch.setattr(renew_certificates, "METRICS", tmp_path / "metrics")
    made.configure()
    member.write_certificates(CONFIG)
    member.write_control_plane(CONFIG)
    return made


def changed(machine: Machine, before: dict[str, bytes]) -> set[str]:
    return {path for path, content in machine.contents().items() if before.get(path) != content}


def test_what_ends_soon_is_renewed_and_nothing_else(machine: Machine) -> None:
    assert renew_certificates.due(renew_certificates.left()) == []
    machine.configure(hours=89 * 24)
    renew_certificates.renew(["apiserver", "etcd-peer", "scheduler.conf"])
    machine.configure()
    before, old = machine.contents(), machine.certificate("apiserver.crt")
    due = renew_certificates.due(renew_certificates.left())
    assert due == ["apiserver", "etcd-peer", "scheduler.conf"]

    renew_certificates.renew(due)
    assert changed(machine, before) == {
        "pki/apiserver.crt", "pki/apiserver.key", "pki/etcd/peer.crt", "pki/etcd/peer.key", "scheduler.conf",
    }  # fmt: skip
    new = machine.certificate("apiserver.crt")
    assert new.not_valid_after_utc - datetime.now(UTC) > timedelta(days=364)
    new.verify_directly_issued_by(machine.certificate("ca.crt"))
    for extension in (x509.SubjectAlternativeName, x509.ExtendedKeyUsage):
        assert new.extensions.get_extension_for_class(extension) == old.extensions.get_extension_for_class(extension)
    assert new.subject == old.subject
    assert (machine.kubernetes / "pki/apiserver.key").stat().st_mode & 0o777 == 0o600

    # Once more: nothing is due, nothing changes, and the metrics say how long all of it lasts.
    before, left = machine.contents(), renew_certificates.left()
    assert set(left) == ALL
    assert renew_certificates.due(left) == []
    assert changed(machine, before) == set()
    now = datetime.now(UTC)
    renew_certificates.tell(left, now)
    told = (renew_certificates.METRICS / "certificates.prom").read_text().splitlines()
    assert len(told) == len(ALL) + 3
    assert told[-1] == f"slipway_certificates_checked_timestamp_seconds {now.timestamp():.0f}"
    (line,) = (each for each in told if 'name="apiserver"' in each)
    assert abs(float(line.split()[1]) - new.not_valid_after_utc.timestamp()) <= 2


def test_what_has_ended_is_renewed(machine: Machine) -> None:
    machine.config.write_text(machine.config.read_text().replace("8760h", "1s"))
    renew_certificates.renew(["front-proxy-client"])
    machine.configure()
    time.sleep(2.5)  # kubeadm tells whole seconds
    assert renew_certificates.left()["front-proxy-client"] < timedelta(0)
    assert renew_certificates.due(renew_certificates.left()) == ["front-proxy-client"]


def test_a_boot_signs_anew_with_the_names_of_now_whatever_it_finds(machine: Machine) -> None:
    (machine.kubernetes / "pki/etcd/server.crt").write_bytes(b"-----BEGIN CERTI")
    (machine.kubernetes / "scheduler.conf").write_bytes(b"")
    before = machine.contents()
    machine.configure(api="another.internal")
    member.write_certificates(CONFIG)
    member.write_control_plane(CONFIG)
    shared = {path for path in before if path.startswith("pki/") and ("ca." in path or "/sa." in path)}
    assert len(shared) == 8
    assert changed(machine, before) == set(before) - shared
    sans = machine.certificate("apiserver.crt").extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert "another.internal" in sans.value.get_values_for_type(x509.DNSName)
    assert set(renew_certificates.left()) == ALL


LIFE = 45


@pytest.fixture
def brief(tmp_path: Path, tools: dict[str, Path]) -> Iterator[controlplane.ControlPlane]:
    """A control plane whose certificates last 45 s."""
    made = standalone("brief.slipway.test", "100.64.0.0/13")
    made = dataclasses.replace(made, kubeadm=made.kubeadm.replace("8760h", f"{LIFE}s"))
    try:
        yield controlplane.start_member(tmp_path, tools, made, Console(file=io.StringIO()))
    finally:
        controlplane.stop(tmp_path)


def test_etcd_and_the_api_server_use_what_is_renewed_and_are_not_restarted(
    brief: controlplane.ControlPlane, tools: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim that the renewal rests on: they outlive the certificates with which they began."""
    folder = brief.env_dir / "controlplane"
    ends = x509.load_pem_x509_certificate((folder / "pki/apiserver.crt").read_bytes()).not_valid_after_utc
    config = yaml.safe_load_all((folder / "kubeadm.yaml").read_text())
    longer = [{**each, "certificateValidityPeriod": "1h"} if "networking" in each else each for each in config]
    (folder / "renewed.yaml").write_text(yaml.safe_dump_all(longer))
    monkeypatch.setattr(renew_certificates, "KUBEADM", (str(tools["kubeadm"]),))
    monkeypatch.setattr(renew_certificates, "CONFIG", folder / "renewed.yaml")
    ports = yaml.safe_load((folder / "ports.json").read_text())
    served = (
        (ports["kube-apiserver"], "apiserver.crt"),
        (ports["etcd-client"], "etcd/server.crt"),
        (ports["etcd-peer"], "etcd/peer.crt"),
    )
    assert all(renew_certificates.shows("127.0.0.1", port, folder / "pki" / file) for port, file in served)
    pids = {each.name: each.pid for each in controlplane.status(brief.env_dir)}

    renew_certificates.renew(sorted(name for name in ALL if not name.endswith(".conf")))
    for port, file in served:
        renew_certificates.wait(file, partial(renew_certificates.shows, "127.0.0.1", port, folder / "pki" / file))
    while datetime.now(UTC) < ends + timedelta(seconds=1):
        time.sleep(0.5)
    assert {each.name: each.pid for each in controlplane.status(brief.env_dir)} == pids

    # etcd anew: the API server must show it a certificate once more, and its first has ended.
    etcd = Daemon("etcd", folder.parent / "run/etcd.pid", folder.parent / "logs/etcd.log")
    record = etcd.record()
    assert record is not None
    etcd.stop()
    etcd.start(record.command)
    authority = folder / "pki/ca.crt"
    stranger = urllib3.PoolManager(ca_certs=str(authority), retries=False, timeout=5.0)

    def ready() -> bool:
        answer = stranger.request("GET", f"{brief.server}/readyz?verbose")
        return answer.status == 200 and b"[+]etcd ok" in answer.data

    renew_certificates.wait("the API server reaches etcd", ready)
    after = {each.name: each.pid for each in controlplane.status(brief.env_dir)}
    assert {name for name, pid in after.items() if pid != pids[name]} == {"etcd"}


class Kubelet:
    """The files of a kubelet of a machine with public addresses, joined to a control plane that runs here."""

    name = "i-0123456789abcdef0"

    def __init__(self, root: Path, plane: controlplane.ControlPlane, kubeadm: Path) -> None:
        self.root = root
        plane_folder = plane.env_dir / "controlplane"
        self.authority = plane_folder / "pki/ca.crt"
        for folder in ("etc/kubernetes/pki", "var/lib/kubelet/pki"):
            (root / folder).mkdir(parents=True)
        (root / "etc/kubernetes/pki/ca.crt").write_bytes(self.authority.read_bytes())
        config = root / "kubeadm.yaml"
        config.write_text((plane_folder / "kubeadm.yaml").read_text().replace("rehearsed-member", self.name))
        command = [kubeadm, "init", "phase", "kubeconfig", "kubelet", "--config", config, "--kubeconfig-dir", root]
        subprocess.run(list(map(str, command)), check=True, capture_output=True)
        made = yaml.safe_load((root / "kubelet.conf").read_text())
        made["clusters"][0]["cluster"]["server"] = plane.server
        (root / "var/lib/kubelet/kubeconfig").write_text(yaml.safe_dump(made))
        # What a kubelet does without serverTLSBootstrap.
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={self.name}@1", "-days", "365",
             "-keyout", str(self.pki / "kubelet.key"), "-out", str(self.pki / "kubelet.crt")],
            check=True, capture_output=True,
        )  # fmt: skip

    @property
    def pki(self) -> Path:
        return self.root / "var/lib/kubelet/pki"

    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.pki / "kubelet.crt").read_bytes())


def test_a_kubelet_with_public_addresses_is_given_a_certificate_for_its_private_one(
    tmp_path: Path, tools: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    plane = controlplane.start(tmp_path / "plane", tools, "serving.slipway.test", Console(file=io.StringIO()))
    try:
        kubelet = Kubelet(tmp_path / "machine", plane, tools["kubeadm"])
        for name, value in (
            ("NODE_NAME", kubelet.name),
            ("NODE_IP", "10.20.32.7"),
            ("INTERNAL_DOMAIN", "eu-central-1.compute.internal"),
        ):
            monkeypatch.setenv(name, value)
        admin = ApiClient(load(str(plane.kubeconfig), {}))

        first = approve_next(admin, "Approved")
        serving_certificate.main(kubelet.root)
        first.join()
        got = kubelet.certificate()
        got.verify_directly_issued_by(x509.load_pem_x509_certificate(kubelet.authority.read_bytes()))
        names_ = got.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert [str(each) for each in names_.get_values_for_type(x509.IPAddress)] == ["10.20.32.7"]
        assert names_.get_values_for_type(x509.DNSName) == [f"{kubelet.name}.eu-central-1.compute.internal"]
        assert got.subject.rfc4514_string() == f"CN=system:node:{kubelet.name},O=system:nodes"
        ssl.create_default_context().load_cert_chain(kubelet.pki / "kubelet.crt", kubelet.pki / "kubelet.key")
        assert (kubelet.pki / "kubelet.key").stat().st_mode & 0o777 == 0o600
        assert sorted(each.name for each in kubelet.pki.iterdir()) == ["kubelet.crt", "kubelet.key"]

        # It lasts: nobody is asked, or this would wait for an approver.
        serving_certificate.main(kubelet.root)
        assert kubelet.certificate() == got

        # What the approver refuses stays as it is, and is said.
        monkeypatch.setattr(serving_certificate, "RENEW_BELOW_SECONDS", 10 * 365 * 86400)
        second = approve_next(admin, "Denied")
        with pytest.raises(SystemExit, match=r"slipway-serving-.* is Denied: by a test"):
            serving_certificate.main(kubelet.root)
        second.join()
        assert kubelet.certificate() == got
    finally:
        controlplane.stop(tmp_path / "plane")


def approve_next(admin: ApiClient, verdict: str) -> threading.Thread:
    """Wait for a request that nobody has judged, in a thread, and judge it."""

    def work() -> None:
        path = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
        waiting: list[dict[str, Any]] = []
        while not waiting:
            time.sleep(0.2)
            waiting = [each for each in admin.request("GET", path)["items"] if not each["status"].get("conditions")]
        (request,) = waiting
        assert request["spec"]["signerName"] == "kubernetes.io/kubelet-serving"
        condition = {"type": verdict, "status": "True", "reason": "Test", "message": "by a test"}
        request["status"] = {"conditions": [condition]}
        admin.request("PUT", f"{path}/{request['metadata']['name']}/approval", body=request)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
