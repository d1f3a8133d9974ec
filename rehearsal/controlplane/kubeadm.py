"""Lets the real kubeadm make of a member's configuration what it makes of it on a machine: certificates and static
pods.

The pods' commands are then run as ordinary processes. What differs from a machine is in `rehearsed_documents` and
`rehearsed_flags`, and nowhere else: addresses and ports are loopback's, paths are below the environment's folder,
etcd has this member alone, nobody is elected, and kubeadm is told a version that it knows.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import yaml

from infra.plan.control_plane.kubeadm import AUDIT_LOG, CONFIG_FOLDER, NODE_NAME, PKI_FOLDER
from rehearsal.controlplane import kms
from rehearsal.controlplane.layout import LOOPBACK, Layout, Settings
from rehearsal.controlplane.member import KUBERNETES_VERSION, Member
from rehearsal.processes import write_private

COMPONENTS: Final = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
_NODE: Final = "rehearsed-member"
_SHARED: Final = (
    "ca.crt",
    "ca.key",
    "etcd/ca.crt",
    "etcd/ca.key",
    "front-proxy-ca.crt",
    "front-proxy-ca.key",
    "sa.pub",
    "sa.key",
)
_SECONDS: Final = 60

Flags = Mapping[str, tuple[str, ...]]


class KubeadmError(Exception):
    """kubeadm refuses the member's configuration; the text is its own."""


def prepare(layout: Layout, settings: Settings, member: Member, kubeadm: Path) -> Flags:
    """Make a member's files and return the flags of each component. What is made of the same member is kept.

    Raises KubeadmError.
    """
    digest = _digest(member, settings)
    kept = _kept(layout, digest)
    if kept is not None:
        return kept
    layout.prepared.unlink(missing_ok=True)
    _write_files(layout, member)
    _run(kubeadm, layout, "certs", "all")
    # Two steps of a CA's rotation aside, what signs is what is trusted.
    if not (layout.pki / "ca-signing.crt").exists():
        write_private(layout.pki / "ca-signing.crt", (layout.pki / "ca.crt").read_bytes())
    # kubeadm takes no kubeconfig that trusts other CAs than the present ones.
    shutil.rmtree(layout.kubeconfigs, ignore_errors=True)
    for name in ("controller-manager", "scheduler", "super-admin"):
        _run(kubeadm, layout, "kubeconfig", name, "--kubeconfig-dir", str(layout.kubeconfigs))
        _point_at_loopback(layout.kubeconfigs / f"{name}.conf", settings)
    layout.manifests.mkdir(parents=True, exist_ok=True)
    for phase in (("etcd", "local"), ("control-plane", "all")):
        _run(kubeadm, layout, *phase, "--dry-run")
    _write_administrator(layout, settings)
    flags = {
        name: rehearsed_flags(name, _command(layout, name), layout, settings, member.volume) for name in COMPONENTS
    }
    write_private(layout.prepared, json.dumps({"digest": digest, "flags": flags}))
    return flags


def rehearsed_documents(layout: Layout, member: Member) -> list[dict[str, Any]]:
    """Return the member's kubeadm documents for this machine."""
    documents: list[dict[str, Any]] = list(yaml.safe_load_all(member.kubeadm.replace(NODE_NAME, _NODE)))
    for document in documents:
        if document["kind"] == "ClusterConfiguration":
            document["certificatesDir"] = str(layout.pki)
            document["kubernetesVersion"] = _version_for_kubeadm(document["kubernetesVersion"])
            document["etcd"]["local"].setdefault("serverCertSANs", []).extend(["localhost", LOOPBACK])
    return documents


def _version_for_kubeadm(declared: str) -> str:
    """Return the version to tell kubeadm: the declared one, or its own where it takes none that is so old.

    kubeadm sets up its own minor version and the one before (Kubernetes documentation, "Version Skew Policy").
    """
    major, minor = map(int, KUBERNETES_VERSION.split(".")[:2])
    stated = tuple(map(int, declared.removeprefix("v").split(".")[:2]))
    return declared if stated >= (major, minor - 1) else f"v{KUBERNETES_VERSION}"


def rehearsed_flags(
    component: str, command: tuple[str, ...], layout: Layout, settings: Settings, volume: str
) -> tuple[str, ...]:
    """Return a component's flags for this machine, given its static pod's command."""
    flags = dict(argument.removeprefix("--").split("=", 1) for argument in command[1:])
    flags.update(_differences(component, flags, layout, settings, volume))
    places = {
        PKI_FOLDER: str(layout.pki),
        CONFIG_FOLDER: str(layout.config),
        "/etc/kubernetes": str(layout.kubeconfigs),
        AUDIT_LOG: str(layout.audit_log),
    }
    for name, value in flags.items():
        for place, here in places.items():
            if value == place or value.startswith(f"{place}/"):
                flags[name] = here + value.removeprefix(place)
                break
    return tuple(f"--{name}={value}" for name, value in flags.items())


def _differences(
    component: str, flags: Mapping[str, str], layout: Layout, settings: Settings, volume: str
) -> dict[str, str]:
    ports = settings.ports
    client = f"https://{LOOPBACK}:{ports['etcd-client']}"
    if component == "etcd":
        peer = f"https://{LOOPBACK}:{ports['etcd-peer']}"
        return {
            "advertise-client-urls": client,
            "listen-client-urls": client,
            "initial-advertise-peer-urls": peer,
            "listen-peer-urls": peer,
            "initial-cluster": f"{flags['name']}={peer}",
            # Health is asked at the client port; metrics of a rehearsal have no reader.
            "listen-metrics-urls": "",
            "data-dir": str(layout.etcd_data(volume)),
            "log-level": "warn",
        }
    if component == "kube-apiserver":
        return {
            "advertise-address": LOOPBACK,
            "bind-address": LOOPBACK,
            "secure-port": str(ports[component]),
            # A loopback address may not stand in the endpoints of the service `kubernetes`.
            "endpoint-reconciler-type": "none",
            "etcd-servers": client,
            "audit-log-maxbackup": "1",
            "audit-log-maxsize": "10",
        }
    return {"bind-address": LOOPBACK, "secure-port": str(ports[component]), "leader-elect": "false"}


def _digest(member: Member, settings: Settings) -> str:
    pki = {path: hashlib.sha256(content).hexdigest() for path, content in member.pki.items()}
    # A member without CAs is a cluster of its own, whose encryption key is made with each description of it.
    known = {**asdict(member), "pki": pki if "ca.crt" in pki else {}}
    return hashlib.sha256(json.dumps([known, dict(settings.ports)], sort_keys=True).encode()).hexdigest()


def _kept(layout: Layout, digest: str) -> Flags | None:
    try:
        record = json.loads(layout.prepared.read_text())
    except FileNotFoundError:
        return None
    if record["digest"] != digest:
        return None
    return {name: tuple(flags) for name, flags in record["flags"].items()}


def _write_files(layout: Layout, member: Member) -> None:
    shared = set(member.pki) if "ca.crt" in member.pki else {*_SHARED, *member.pki}
    for path in layout.pki.rglob("*"):
        # Leaves are signed anew: names or authorities may be others.
        if path.is_file() and str(path.relative_to(layout.pki)) not in shared:
            path.unlink()
    for name, content in member.pki.items():
        if "ca.crt" in member.pki or not (layout.pki / name).exists():
            write_private(layout.pki / name, kms.here(layout, content))
    for name, text in member.config.items():
        write_private(layout.config / name, text)
    documents = rehearsed_documents(layout, member)
    write_private(layout.kubeadm_config, yaml.safe_dump_all(documents, sort_keys=False))


def _run(kubeadm: Path, layout: Layout, *phase: str) -> None:
    command = [str(kubeadm), "init", "phase", *phase, "--config", str(layout.kubeadm_config)]
    environment = {**os.environ, "KUBEADM_INIT_DRYRUN_DIR": str(layout.manifests)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS, env=environment)
    if done.returncode != 0:
        raise KubeadmError(f"`{' '.join(command)}` failed:\n{done.stderr.strip() or done.stdout.strip()}")


def _command(layout: Layout, component: str) -> tuple[str, ...]:
    pod = yaml.safe_load((layout.manifests / f"{component}.yaml").read_text())
    return tuple(pod["spec"]["containers"][0]["command"])


def _point_at_loopback(path: Path, settings: Settings) -> None:
    document = yaml.safe_load(path.read_text())
    for cluster in document["clusters"]:
        cluster["cluster"]["server"] = settings.server
    write_private(path, yaml.safe_dump(document, sort_keys=False))


def _write_administrator(layout: Layout, settings: Settings) -> None:
    """Write the administrator's kubeconfig; cluster and context are called as the cluster."""
    document = yaml.safe_load((layout.kubeconfigs / "super-admin.conf").read_text())
    cluster, user, name = document["clusters"][0]["cluster"], document["users"][0]["user"], settings.cluster_name
    written = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": "rehearsal", "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "rehearsal"}}],
        "current-context": name,
    }
    write_private(layout.kubeconfig, yaml.safe_dump(written, sort_keys=False))
