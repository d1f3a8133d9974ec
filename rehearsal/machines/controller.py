"""Keeps machines as instances are: one for each that runs, none for others, with what is attached to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from typing import Final

from rehearsal.machines import injected, pod_network
from rehearsal.machines.asked import AMAZON_VPC
from rehearsal.machines.disk import DataVolumes
from rehearsal.machines.errors import MachineError
from rehearsal.machines.facts import Instance, Interface
from rehearsal.machines.log import tell
from rehearsal.machines.machine import Machine
from rehearsal.machines.network import Network
from rehearsal.machines.settings import Settings
from rehearsal.processes import ProcessError, write_private

_AT_A_TIME: Final = 2
"""Machines that boot at once: more than there are processors only wait for each other."""
PLUGINS_FOLDER: Final = "/opt/cni/bin"


@dataclass
class _Known:
    machine: Machine
    pods: IPv4Network
    work: Future[None] | None = None
    booted: bool = False
    ending: bool = False
    interfaces: dict[str, Interface] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    """Name of each block device that the machine is shown, and the volume that it is."""


class Controller:
    """All machines of one environment."""

    def __init__(self, settings: Settings, network: Network, authority: str, release: Callable[[str], None]) -> None:
        """`release` lets go, in the AWS stand-in, of what an instance that is gone had attached."""
        self._settings = settings
        self._network = network
        self._authority = authority
        self._release = release
        self._volumes = DataVolumes(settings.folder / "volumes")
        self._ranges = pod_network.PodRanges(settings.pods)
        self._known: dict[str, _Known] = {}
        self._instances: Mapping[str, Instance] = {}
        self._pool = ThreadPoolExecutor(max_workers=_AT_A_TIME, thread_name_prefix="boot")
        self.dead: set[str] = set()

    def take_over(self) -> None:
        """Find the machines of an earlier process of this environment again."""
        for note in sorted(self._settings.folder.glob("i-*/machine.json")):
            instance = note.parent.name
            share = IPv4Network(json.loads(note.read_text())["pods"])
            self._ranges.remember(instance, share)
            machine = self._machine(instance)
            self._known[instance] = _Known(machine, share, booted=machine.is_running())

    @property
    def instances(self) -> Mapping[str, Instance]:
        """The instances as they were last seen."""
        return self._instances

    def by_address(self, address: str) -> Instance | None:
        """Return the instance that has an interface of that address."""
        for instance in self._instances.values():
            if any(str(each.address) == address for each in instance.interfaces):
                return instance
        return None

    def reconcile(self, instances: Mapping[str, Instance]) -> None:
        """Bring machines to what instances are now. Work on one machine never waits for another's."""
        chosen = {
            name: each
            for name, each in instances.items()
            if each.group and (not self._settings.groups or each.group.split(".")[0] in self._settings.groups)
        }
        self._instances = chosen
        for name, instance in chosen.items():
            known = self._known.get(name)
            if known is None:
                known = self._known[name] = _Known(self._machine(name), self._ranges.of(name))
            if not self._busy(known):
                self._advance(known, instance)
        for name, known in list(self._known.items()):
            if name not in chosen and not self._busy(known):
                if known.ending:
                    del self._known[name]
                    self._ranges.give_back(name)
                else:
                    known.ending = True
                    known.work = self._pool.submit(self._end, known)

    def halt(self) -> None:
        """Shut all machines down; their disks stay."""
        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(lambda known: known.machine.shut_down(), self._known.values()))
        for known in self._known.values():
            known.machine.disk.release()
        self._volumes.release()
        self._network.remove()

    def _advance(self, known: _Known, instance: Instance) -> None:
        if not known.booted:
            known.booted = True
            known.work = self._pool.submit(self._boot, known, instance)
        elif known.machine.leader() is not None:
            self._attach(known, instance)
        elif known.machine.is_running():
            pass  # it is about to begin or to end
        elif known.machine.wants_reboot():
            tell(f"{instance.identity}: reboots")
            # What its pods left in its network goes with its kernel on EC2.
            self._network.remove_machine(instance.identity)
            known.work = self._pool.submit(self._boot, known, instance)
        else:
            self.dead.add(instance.identity)

    def _boot(self, known: _Known, instance: Instance) -> None:
        machine = known.machine
        known.devices.clear()
        tell(f"{instance.identity}: boots as {instance.primary.address} of {instance.group}")
        self._network.attach(instance.identity, instance.primary, injected.interface_name(0))
        if not self._settings.pod_network:
            self._network.route_pods(known.pods, instance.primary.address)
        machine.folder.mkdir(parents=True, exist_ok=True)
        write_private(machine.folder / "machine.json", json.dumps({"pods": str(known.pods)}))
        machine.disk.prepare(Path(self._settings.base), instance.root_gib)
        files = injected.injected_files(instance)
        if not self._settings.pod_network:
            files += injected.network_files(instance, known.pods, self._settings.pods)
        elif self._settings.pod_network == AMAZON_VPC:
            files += (injected.image_network_file(),)
        injected.write(machine.disk.tree, files, self._authority)
        machine.start(self._binds(instance), instance.memory_mib)

    def _binds(self, instance: Instance) -> dict[str, Path]:
        """Return what a machine is shown of this computer, as path in the machine -> path here."""
        settings = self._settings
        binds = {
            injected.IMAGES: settings.images_of(instance.group.split(".")[0]),
            injected.CSI: Path(settings.csi),
        }
        if not settings.pod_network:
            binds |= {PLUGINS_FOLDER: Path(settings.plugins), injected.PROXY: Path(settings.proxy)}
        if settings.policies:
            binds[injected.POLICIES] = Path(settings.policies)
        return binds

    def _attach(self, known: _Known, instance: Instance) -> None:
        machine = known.machine
        attached = {each.identity: each for each in instance.interfaces}
        for identity in known.interfaces.keys() - attached.keys():
            self._network.detach(instance.identity, known.interfaces[identity])
        for interface in instance.interfaces[1:]:
            self._network.attach(instance.identity, interface, injected.interface_name(interface.index))
        for interface in instance.interfaces:
            self._network.lead_to_pods(interface)
        known.interfaces = attached
        wanted = {each.device.removeprefix("/dev/"): each for each in instance.volumes}
        for name in known.devices.keys() - wanted.keys():
            machine.remove_device(name)
            del known.devices[name]
        for name, volume in wanted.items():
            if known.devices.get(name) != volume.identity:
                machine.add_device(name, self._volumes.device(volume.identity, volume.size_gib))
                known.devices[name] = volume.identity

    def _end(self, known: _Known) -> None:
        machine = known.machine
        tell(f"{machine.instance}: shuts down")
        machine.shut_down()
        for interface in known.interfaces.values():
            self._network.detach(machine.instance, interface)
        self._network.unroute_pods(known.pods)
        self._network.remove_machine(machine.instance)
        machine.remove()
        self._release(machine.instance)
        tell(f"{machine.instance}: is gone")

    def _busy(self, known: _Known) -> bool:
        if known.work is None:
            return False
        if not known.work.done():
            return True
        try:
            known.work.result()
        except (MachineError, ProcessError, OSError) as error:
            tell(f"{known.machine.instance}: {error}")
            known.booted = False
            known.ending = False
        known.work = None
        return False

    def _machine(self, instance: str) -> Machine:
        return Machine(
            instance,
            self._settings.folder / instance,
            self._network.machine_namespace(instance),
            Path(self._settings.logs),
        )
