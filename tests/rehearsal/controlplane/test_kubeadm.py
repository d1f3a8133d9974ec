from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from rehearsal.controlplane.kubeadm import (
    COMPONENTS,
    KubeadmError,
    prepare,
    rehearsed_documents,
    rehearsed_flags,
)
from rehearsal.controlplane.layout import PORT_NAMES, Layout, Settings
from rehearsal.controlplane.member import Member, standalone

PORTS = {name: 20001 + number for number, name in enumerate(PORT_NAMES)}
SETTINGS = Settings("one.example.test", PORTS)

KUBEADM = """#!/bin/sh
# Stands for kubeadm: writes what it would write, as far as it is read.
echo "$*" >>"$LOG"
config=$(eval "echo \\${$#}")
pki=$(sed -n 's/^certificatesDir: //p' "$config")
case "$*" in
    *"certs all"*) mkdir -p "$pki/etcd"; [ -e "$pki/ca.crt" ] || echo "made here" >"$pki/ca.crt"
        [ -e "$pki/etcd/ca.crt" ] || echo etcd >"$pki/etcd/ca.crt"; echo leaf >"$pki/apiserver.crt" ;;
    *kubeconfig*) mkdir -p "$6"
        echo '{clusters: [{cluster: {server: "https://10.0.0.1:443"}}], users: [{user: {}}]}' >"$6/$4.conf" ;;
    *etcd*) echo '{spec: {containers: [{command: [etcd, --name=a]}]}}' >"$KUBEADM_INIT_DRYRUN_DIR/etcd.yaml" ;;
    *control-plane*) for each in apiserver controller-manager scheduler; do
        pod="{spec: {containers: [{command: [kube-$each, --profiling=false]}]}}"
        echo "$pod" >"$KUBEADM_INIT_DRYRUN_DIR/kube-$each.yaml"
        done ;;
esac
"""


@pytest.fixture
def kubeadm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOG", str(tmp_path / "calls"))
    path = tmp_path / "kubeadm"
    path.write_text(KUBEADM)
    path.chmod(0o755)
    return path


def calls(tmp_path: Path) -> list[str]:
    return (tmp_path / "calls").read_text().splitlines()


def member(**pki: bytes) -> Member:
    given = {name.replace("__", "/").replace("_", "."): content for name, content in pki.items()}
    plain = standalone("one.example.test", "100.64.0.0/13")
    return replace(plain, pki={"encryption.yaml": b"keys", **given} if given else plain.pki)


def flags_of(rendered: tuple[str, ...]) -> dict[str, str]:
    return dict(flag.removeprefix("--").split("=", 1) for flag in rendered)


def test_an_api_server_differs_from_a_members_in_places_and_ports_alone(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    command = (
        "kube-apiserver",
        "--advertise-address=10.20.32.10",
        "--secure-port=443",
        "--etcd-servers=https://127.0.0.1:2379",
        "--client-ca-file=/etc/kubernetes/pki/ca.crt",
        "--audit-policy-file=/etc/kubernetes/config/audit-policy.yaml",
        "--audit-log-path=/var/log/kubernetes/audit/audit.log",
        "--audit-log-maxage=30",
        "--service-account-issuer=https://issuer.example",
        "--profiling=false",
    )
    assert flags_of(rehearsed_flags("kube-apiserver", command, layout, SETTINGS, "vol-1")) == {
        "advertise-address": "127.0.0.1",
        "bind-address": "127.0.0.1",
        "secure-port": "20003",
        "endpoint-reconciler-type": "none",
        "etcd-servers": "https://127.0.0.1:20001",
        "client-ca-file": f"{tmp_path}/controlplane/pki/ca.crt",
        "audit-policy-file": f"{tmp_path}/controlplane/config/audit-policy.yaml",
        "audit-log-path": f"{tmp_path}/logs/kube-apiserver-audit.log",
        "audit-log-maxage": "30",
        "audit-log-maxbackup": "1",
        "audit-log-maxsize": "10",
        "service-account-issuer": "https://issuer.example",
        "profiling": "false",
    }


def test_etcd_stands_alone_under_its_own_name(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    command = (
        "etcd",
        "--name=b",
        "--initial-cluster=a=https://1:2380,b=https://2:2380",
        "--data-dir=/var/lib/etcd/data",
    )
    flags = flags_of(rehearsed_flags("etcd", command, layout, SETTINGS, "vol-1"))
    assert flags["initial-cluster"] == "b=https://127.0.0.1:20002"
    assert flags["data-dir"] == f"{tmp_path}/controlplane/etcd-vol-1"
    assert flags_of(rehearsed_flags("etcd", command, layout, SETTINGS, "vol-2"))["data-dir"] != flags["data-dir"]


@pytest.mark.parametrize(("component", "port"), [("kube-controller-manager", "20004"), ("kube-scheduler", "20005")])
def test_nobody_is_elected(component: str, port: str, tmp_path: Path) -> None:
    command = (component, "--leader-elect=true", "--kubeconfig=/etc/kubernetes/x.conf")
    assert flags_of(rehearsed_flags(component, command, Layout(tmp_path), SETTINGS, "vol-1")) == {
        "bind-address": "127.0.0.1",
        "secure-port": port,
        "leader-elect": "false",
        "kubeconfig": f"{tmp_path}/controlplane/kubeconfigs/x.conf",
    }


def test_the_documents_are_the_members_but_for_their_place(tmp_path: Path) -> None:
    plain = standalone("one.example.test", "100.64.0.0/13")
    original = list(yaml.safe_load_all(plain.kubeadm.replace("@NODE_NAME@", "rehearsed-member")))
    changed = rehearsed_documents(Layout(tmp_path), plain)
    assert changed[0] == original[0]
    assert changed[1].pop("certificatesDir") == f"{tmp_path}/controlplane/pki"
    assert original[1].pop("certificatesDir") == "/etc/kubernetes/pki"
    assert changed[1]["etcd"]["local"].pop("serverCertSANs") == ["localhost", "127.0.0.1"]
    assert changed[1] == original[1]


@pytest.mark.parametrize(
    ("declared", "told"), [("1.34.2", "1.37.2"), ("1.35.9", "1.37.2"), ("1.36.4", "1.36.4"), ("1.37.9", "1.37.9")]
)
def test_kubeadm_is_told_no_version_that_it_refuses(declared: str, told: str, tmp_path: Path) -> None:
    plain = standalone("one.example.test", "100.64.0.0/13")
    asked = replace(plain, kubeadm=plain.kubeadm.replace("1.37.2", declared))
    changed = rehearsed_documents(Layout(tmp_path), asked)
    assert changed[1]["kubernetesVersion"].removeprefix("v") == told


def test_what_is_prepared_is_kept_until_the_member_changes(tmp_path: Path, kubeadm: Path) -> None:
    layout = Layout(tmp_path)
    first = prepare(layout, SETTINGS, member(ca_crt=b"one", etcd__ca_crt=b"etcd"), kubeadm)
    assert set(first) == set(COMPONENTS)
    assert first["kube-scheduler"][0] == "--profiling=false"
    assert (layout.pki / "ca.crt").read_bytes() == b"one"
    made = len(calls(tmp_path))
    assert prepare(layout, SETTINGS, member(ca_crt=b"one", etcd__ca_crt=b"etcd"), kubeadm) == first
    assert len(calls(tmp_path)) == made
    (layout.pki / "apiserver.crt").write_text("of the first authority")
    prepare(layout, SETTINGS, member(ca_crt=b"two", etcd__ca_crt=b"etcd"), kubeadm)
    assert len(calls(tmp_path)) == 2 * made
    assert (layout.pki / "apiserver.crt").read_text() == "leaf\n"


def test_a_standalone_members_authorities_are_made_once(tmp_path: Path, kubeadm: Path) -> None:
    layout = Layout(tmp_path)
    prepare(layout, SETTINGS, member(), kubeadm)
    key = (layout.pki / "encryption.yaml").read_bytes()
    (layout.pki / "ca.crt").write_text("the first")
    prepare(layout, Settings("one.example.test", {**PORTS, "etcd-peer": 30000}), member(), kubeadm)
    assert (layout.pki / "ca.crt").read_text() == "the first"
    assert (layout.pki / "encryption.yaml").read_bytes() == key


def test_the_administrators_kubeconfig_is_called_as_the_cluster(tmp_path: Path, kubeadm: Path) -> None:
    prepare(Layout(tmp_path), SETTINGS, member(), kubeadm)
    config = yaml.safe_load(Layout(tmp_path).kubeconfig.read_text())
    assert config["current-context"] == "one.example.test"
    assert config["clusters"] == [
        {"name": "one.example.test", "cluster": {"server": "https://127.0.0.1:20003"}},
    ]


def test_what_kubeadm_refuses_is_said_in_its_words(tmp_path: Path) -> None:
    refusing = tmp_path / "kubeadm"
    refusing.write_text("#!/bin/sh\necho 'strict decoding error: unknown field' >&2\nexit 1\n")
    refusing.chmod(0o755)
    with pytest.raises(KubeadmError, match=r"init phase certs all .*failed:\nstrict decoding error: unknown field$"):
        prepare(Layout(tmp_path), SETTINGS, member(), refusing)
    assert not Layout(tmp_path).prepared.exists()


def test_a_preparation_that_was_cut_off_is_begun_anew(tmp_path: Path, kubeadm: Path) -> None:
    layout = Layout(tmp_path)
    prepare(layout, SETTINGS, member(), kubeadm)
    assert json.loads(layout.prepared.read_text())["digest"]
    layout.prepared.unlink()
    made = len(calls(tmp_path))
    prepare(layout, SETTINGS, member(), kubeadm)
    assert len(calls(tmp_path)) == 2 * made
