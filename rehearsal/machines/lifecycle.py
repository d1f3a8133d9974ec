"""Starting and stopping an environment's machines: what they need is made first, then one process has them."""

from __future__ import annotations

import hashlib
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console

from rehearsal import toolchain
from rehearsal.cache import cache_home
from rehearsal.controlplane.layout import Layout as ControlPlaneLayout
from rehearsal.machines import amazon_vpc_cni, cilium, namespaces
from rehearsal.machines.asked import AMAZON_VPC, CILIUM, keeps_policies, pod_network
from rehearsal.machines.base import ensure_base
from rehearsal.machines.catalogue import chosen, images
from rehearsal.machines.declared import declared_images
from rehearsal.machines.disk import mounts_below
from rehearsal.machines.errors import MachineError
from rehearsal.machines.images import Image, ensure_archive
from rehearsal.machines.limits import raise_shared_limits
from rehearsal.machines.machine import remove_groups
from rehearsal.machines.programs import CSI, OWN, POD_NETWORK, POLICIES
from rehearsal.machines.requirements import missing_requirements
from rehearsal.machines.settings import Settings
from rehearsal.ports import port_is_free, remembered_ports
from rehearsal.processes import Daemon

if TYPE_CHECKING:
    from infra.spec import EnvironmentSpec

_TOOLS: Final = (
    "kubelet", "kubeadm", "kubectl", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy",
    "etcd", "etcdctl", "etcdutl", "coredns",
)  # fmt: skip
_STOP_SECONDS: Final = 180.0
_STALE_SECONDS: Final = 24 * 3600
"""After which an image's archive is deleted that no environment has."""
_ROOT: Final = Path(__file__).resolve().parents[2]


class Machines:
    """The machines of the environment whose directory is `root`."""

    def __init__(self, name: str, root: Path) -> None:
        self.name = name
        self.folder = root / "machines"
        self._root = root
        self.daemon = Daemon("machines", root / "run" / "machines.json", root / "logs" / "machines.log")

    @property
    def network(self) -> str:
        """Name of its network: environments of one name in two state directories may run at once."""
        return f"{self.name}-{hashlib.sha256(str(self._root).encode()).hexdigest()[:6]}"

    @property
    def settings_file(self) -> Path:
        """What the process was last told; it exists once the environment has had machines."""
        return self.folder / "settings.json"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig of the cluster that boots on the machines."""
        return ControlPlaneLayout(self._root).kubeconfig

    def waiting(self) -> str:
        """Return which pods wait for images that are not built here, as text."""
        from rehearsal.machines.waiting import FILE

        path = self.folder / FILE
        return path.read_text() if path.exists() else ""

    def answering_port(self) -> int | None:
        """Return the loopback port of the cluster's API once a member answers behind it."""
        return self.api_port if self.kubeconfig.exists() and not port_is_free(self.api_port) else None

    @property
    def api_port(self) -> int:
        """The loopback port at which the cluster's API answers, the same for the environment's life."""
        return remembered_ports(self._root / "ports.json", ["machines-api"])["machines-api"]

    def start(
        self,
        spec: EnvironmentSpec,
        endpoint_port: int,
        console: Console,
        groups: Sequence[str] = (),
    ) -> bool:
        """Start the process unless it runs as it should; return whether it was started.

        Raises MachineError when this computer cannot have machines, and ToolchainError when a program cannot be built.
        """
        if reasons := missing_requirements():
            raise MachineError("No machines here. " + " ".join(reasons))
        for raised in raise_shared_limits():
            console.print(raised, highlight=False)
        settings = self._settings(spec, endpoint_port, console, groups)
        settings.write(self.settings_file)
        command = [sys.executable, "-m", "rehearsal.machines", str(self.settings_file)]
        return self.daemon.start(command, {**_environment(), "PYTHONPATH": str(_ROOT)})

    def stop(self) -> bool:
        """Shut all machines down and stop the process; return whether it ran. Disks stay."""
        return self.daemon.stop(timeout=_STOP_SECONDS)

    def remove(self) -> None:
        """Take away what is left of machines once the process has stopped, disks included."""
        for path in sorted(mounts_below(self.folder), reverse=True):
            from rehearsal.machines.commands import run

            run(["umount", "--lazy", path])
        for name in namespaces.named(f"slipway-{self.network}"):
            namespaces.remove(name)
        for folder in self.folder.glob("i-*"):
            remove_groups(folder.name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _archives(self, spec: EnvironmentSpec, made: Sequence[Image]) -> dict[str, str]:
        """Return the folders of the archives that machines are given, by instance group: links into the cache."""
        kept = cache_home() / "machines" / "images"
        archives = {image.name: ensure_archive(image, kept) for image in made}
        folders = {"": "all"} | {group.name: group.role for group in spec.instance_groups}
        for name in dict.fromkeys(folders.values()):
            folder = self.folder / "images" / name
            folder.mkdir(parents=True, exist_ok=True)
            own = {archives[image.name] for image in made if name == "all" or name in image.roles}
            for archive in own:
                _link(archive, folder / archive.name)
            for stale in {*folder.iterdir()} - {folder / archive.name for archive in own}:
                stale.unlink()
        for archive in kept.glob("*.tar"):
            facts = archive.stat()
            if (
                facts.st_nlink == 1
                and facts.st_mtime < time.time() - _STALE_SECONDS
                and archive not in archives.values()
            ):
                archive.unlink()
        return {name: str(self.folder / "images" / folder) for name, folder in folders.items()}

    def _settings(self, spec: EnvironmentSpec, endpoint_port: int, console: Console, groups: Sequence[str]) -> Settings:
        from infra.plan.control_plane.endpoints import plan_api_endpoint
        from infra.plan.state_layout import pki_prefix

        declared = declared_images(spec)
        recipes = chosen(declared)
        tools = [recipe.program for recipe in recipes.values() if recipe.built_of is None]
        network = pod_network(spec)
        tools += {CILIUM: cilium.PROGRAMS, AMAZON_VPC: amazon_vpc_cni.PROGRAMS}.get(network, ())
        base = ensure_base(console)
        programs = toolchain.resolve((*_TOOLS, *tools), console)
        plugins = POD_NETWORK.ensure(console)
        for built_of in dict.fromkeys((OWN, *(recipe.built_of for recipe in recipes.values() if recipe.built_of))):
            folder = built_of.ensure(console)
            programs |= {name: folder / name for name in built_of.names}
        version = spec.cluster.kubernetes_version
        made = [*images(programs, version, declared, recipes)]
        if network == CILIUM:
            made += cilium.cilium_images(declared, programs, console)
        elif network == AMAZON_VPC:
            made += amazon_vpc_cni.amazon_vpc_images(declared, programs, console)
        return Settings(
            environment=self.network,
            root=str(self.folder),
            logs=str(self._root / "logs"),
            endpoint_port=endpoint_port,
            account=spec.account_id,
            region=spec.region,
            cluster=spec.cluster.name,
            kubernetes_version=version,
            pod_range=spec.cluster.pod_cidr,
            service_range=spec.cluster.service_cidr,
            base=str(base),
            images=self._archives(spec, made),
            plugins=str(plugins),
            downloads={name: str(programs[name]) for name in ("kubelet", "kubeadm", "kubectl")},
            proxy=str(programs["kube-proxy"]),
            csi=str(CSI.ensure(console) / "csi"),
            state_bucket=spec.state.bucket,
            pki_prefix=pki_prefix(spec),
            api_balancer=plan_api_endpoint(spec).internal.name,
            api_loopback_port=self.api_port,
            kubeconfig=str(self.kubeconfig),
            groups=tuple(groups),
            policies=str(POLICIES.ensure(console) / "netpol") if keeps_policies() else "",
            pod_network=network,
        )


def _link(archive: Path, target: Path) -> None:
    """Show a file under another name: by a hard link, since a link by name leads nowhere in a machine."""
    if target.exists():
        return
    try:
        target.hardlink_to(archive)
    except OSError:  # another file system
        shutil.copyfile(archive, target)


def _environment() -> dict[str, str]:
    from rehearsal.environment.variables import process_environment

    return process_environment({})
