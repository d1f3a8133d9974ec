#!/usr/bin/env python3
"""Writes what only the machine knows: its name and provider ID, and the resources kept from pods."""
# Runs at every boot: an instance group may mix machine types, so their sizes are not known before. This file holds the
# one formula there is. Debian's and Ubuntu's images have Python because cloud-init is written in it; 3.10 must do.

import json
import os
from pathlib import Path
from typing import Any

# GKE's reservations (GKE documentation, "Plan GKE node sizes"): shares of successive parts of the memory, in MiB and
# percent.
MEMORY_PARTS = ((4096, 25), (4096, 20), (8192, 10), (114688, 6))
MEMORY_REST_PERCENT = 2
MEMORY_SMALL_MI = 255  # for machines of less than 1 GiB
# The same source, for CPU: 6% of the first core, 1% of the second, 0.5% of the next two, 0.25% of any further one.
# In tenths of a millicore, so that the sum is exact.
CPU_PARTS = (600, 100, 50, 50)
CPU_REST = 25


def reserved_memory_mi(memory_mi: int) -> int:
    """Return the MiB kept from pods on a machine of `memory_mi` MiB."""
    if memory_mi < 1024:
        return min(MEMORY_SMALL_MI, memory_mi)
    total, rest = 0, memory_mi
    for size, percent in MEMORY_PARTS:
        total += min(rest, size) * percent
        rest -= min(rest, size)
    return (total + rest * MEMORY_REST_PERCENT) // 100


def reserved_cpu_milli(cpus: int) -> int:
    """Return the millicores kept from pods on a machine of `cpus` vCPUs."""
    tenths = sum(CPU_PARTS[:cpus]) + max(0, cpus - len(CPU_PARTS)) * CPU_REST
    return tenths // 10


def reservations(cpus: int, memory_mi: int) -> dict[str, dict[str, str]]:
    """Return the kubelet's `kubeReserved` and `systemReserved`."""
    # GKE names one sum for the system and Kubernetes. The kubelet subtracts both of its two figures alike, and enforces
    # neither unless told to, so how the sum is split changes what is shown and nothing else: a quarter for the system.
    cpu, memory = reserved_cpu_milli(cpus), reserved_memory_mi(memory_mi)
    return {
        # 1Gi of disk is what Amazon EKS nodes keep.
        "kubeReserved": {
            "cpu": f"{cpu - cpu // 4}m",
            "memory": f"{memory - memory // 4}Mi",
            "ephemeral-storage": "1Gi",
        },
        "systemReserved": {"cpu": f"{cpu // 4}m", "memory": f"{memory // 4}Mi"},
    }


def _provider_id(instance: dict[str, Any]) -> dict[str, str]:
    # The form the AWS cloud provider reads. Elsewhere than on AWS (a rehearsal) there is none.
    if instance["cloud_name"] != "aws":
        return {}
    return {"providerID": f"aws:///{instance['availability_zone']}/{instance['instance_id']}"}


def main(root: Path = Path("/"), cpus: int | None = None) -> None:
    """Read the machine's facts under `root` and write the kubelet's drop-in and environment there."""
    # cloud-init's standardised facts, the same for every datasource, renewed at each boot.
    facts = json.loads((root / "run/cloud-init/instance-data.json").read_text())
    instance, source = facts["v1"], facts["ds"]
    # Written with a hyphen by the datasource of EC2, and in its documentation without.
    address = source["meta-data" if "meta-data" in source else "meta_data"]["local-ipv4"]
    meminfo = dict(line.split(":", 1) for line in (root / "proc/meminfo").read_text().splitlines())
    memory_mi = int(meminfo["MemTotal"].split()[0]) // 1024
    # A pod must not be given the resolver of systemd-resolved on 127.0.0.53, which is the machine's own loopback.
    resolved = "run/systemd/resolve/resolv.conf"
    config = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "resolvConf": f"/{resolved if (root / resolved).exists() else 'etc/resolv.conf'}",
        **_provider_id(instance),
        **reservations(cpus or os.cpu_count() or 1, memory_mi),
    }
    _write(root / "etc/kubernetes/kubelet.conf.d/20-machine.conf", json.dumps(config, indent=1) + "\n")
    for directory in ("etc/kubernetes/pki", "etc/kubernetes/manifests", "var/lib/kubelet"):
        (root / directory).mkdir(parents=True, exist_ok=True)
    # Nodes are named by their instance ID, as in kops: unlike an address it is never given to another machine.
    # Without its address a Node would have those of every interface, a member's and the VPC CNI's among them. Its
    # kubelet would ask for a certificate for all of them, and be refused: its name resolves to the first alone.
    _write(root / "run/slipway/machine.env", f"NODE_NAME={instance['instance_id']}\nNODE_IP={address}\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.replace(path)


if __name__ == "__main__":
    main()
