"""Starting, inspecting and stopping the control plane of a rehearsed environment."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final

import urllib3
from rich.console import Console
from urllib3.exceptions import HTTPError

from rehearsal.controlplane import kms
from rehearsal.controlplane.kubeadm import COMPONENTS, KubeadmError, prepare
from rehearsal.controlplane.layout import LOOPBACK, PORT_NAMES, Layout, Settings
from rehearsal.controlplane.member import Member, standalone
from rehearsal.ports import port_is_free, remembered_ports
from rehearsal.processes import ProcessError

TOOLS: Final = (*COMPONENTS, "kubeadm")
# kops gives services the first 1/8 of its default non-masquerade block 100.64.0.0/10 (kops
# upup/pkg/fi/cloudup/defaults.go, `assignProxy` and serviceClusterIPRange).
DEFAULT_SERVICE_RANGE: Final = "100.64.0.0/13"
_TIMEOUT: Final = urllib3.Timeout(connect=1.0, read=5.0)
_READY_SECONDS: Final = 60.0
_PORT_SECONDS: Final = 2.0
_DYING_SECONDS: Final = 5.0
_PORTS_OF: Final = {
    "etcd": ("etcd-client", "etcd-peer"),
    "kube-apiserver": ("kube-apiserver",),
    "kube-controller-manager": ("kube-controller-manager",),
    "kube-scheduler": ("kube-scheduler",),
}


class ControlPlaneError(Exception):
    """The control plane cannot be started or stopped; the text says which component, why, and where its log
    is."""


@dataclass(frozen=True)
class ComponentStatus:
    """One component: its process when it runs, the memory it holds resident in bytes, and its log."""

    name: str
    pid: int | None
    resident_bytes: int | None
    log: Path


@dataclass(frozen=True)
class ControlPlane:
    """A running control plane. `kubeconfig` is the administrator's, `server` the URL of the API."""

    env_dir: Path
    kubeconfig: Path
    server: str

    def stop(self) -> None:
        """Stop every component; the data stay."""
        stop(self.env_dir)


def start(
    env_dir: Path,
    tools: Mapping[str, Path],
    cluster_name: str,
    console: Console,
    *,
    service_range: str = DEFAULT_SERVICE_RANGE,
) -> ControlPlane:
    """Start the control plane of a cluster that no environment declares; otherwise as `start_member`."""
    return start_member(env_dir, tools, standalone(cluster_name, service_range), console)


def start_member(
    env_dir: Path,
    tools: Mapping[str, Path],
    member: Member,
    console: Console,
    variables: Mapping[str, str] | None = None,
) -> ControlPlane:
    """Start what does not run of a member of the control plane in `env_dir`, and wait until it is ready.

    `tools` has the executable of each of `TOOLS`; `variables` are those by which a provider of KMS finds it. Ports,
    keys and data are kept from one start to the next; a component whose flags have changed is started again.

    Raises ControlPlaneError when a tool is missing, a port is taken, kubeadm refuses the member's configuration, or a
    component does not become ready.
    """
    missing = [name for name in TOOLS if name not in tools]
    if missing:
        raise ControlPlaneError(f"No executable was given for {', '.join(missing)}.")
    began = time.monotonic()
    layout = Layout(env_dir)
    layout.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _reported():
        settings = Settings(member.cluster_name, remembered_ports(layout.ports, PORT_NAMES))
    try:
        flags = prepare(layout, settings, member, tools["kubeadm"])
    except KubeadmError as error:
        raise ControlPlaneError(str(error)) from error
    layout.etcd_data(member.volume).mkdir(mode=0o700, parents=True, exist_ok=True)

    commands = {name: (str(tools[name]), *flags[name]) for name in COMPONENTS}
    probes = _probes(layout, settings)
    if member.provider is not None:
        with _reported():
            began_now = kms.start(layout, member.provider, variables or {})
        console.print(f"{kms.NAME}: {'started' if began_now else 'was running'}", highlight=False)
    # The scheduler and the controllers need the API; they need not wait for each other.
    for stage in (("etcd",), ("kube-apiserver",), ("kube-controller-manager", "kube-scheduler")):
        started = {name: _launch(layout, settings, name, commands[name]) for name in stage}
        for name in stage:
            if not started[name]:
                started[name] = _relaunch_if_dying(layout, settings, name, commands[name], probes[name])
            with _reported():
                seconds = layout.daemon(name).await_ready(probes[name], _READY_SECONDS)
            port = settings.ports[_PORTS_OF[name][0]]
            took = f"ready in {seconds:.1f} s" if started[name] else "was running"
            console.print(f"{name}: {took}, port {port}", highlight=False)
    console.print(
        f"Control plane of {member.cluster_name} is up in {time.monotonic() - began:.1f} s: {settings.server}",
        highlight=False,
    )
    return ControlPlane(env_dir, layout.kubeconfig, settings.server)


def stop(env_dir: Path) -> None:
    """Stop the components, the store last; nothing happens when none runs.

    Raises ControlPlaneError when one does not end; the others are stopped all the same.
    """
    layout = Layout(env_dir)
    failures: list[str] = []
    stops: list[Callable[[], object]] = [layout.daemon(name).stop for name in reversed(COMPONENTS)]
    stops.append(partial(kms.stop, layout))
    for stop_one in stops:
        try:
            stop_one()
        except ProcessError as error:
            failures.append(str(error))
    if failures:
        raise ControlPlaneError("\n".join(failures))


def status(env_dir: Path) -> list[ComponentStatus]:
    """Return each component's state, in the order in which they start; a provider of KMS's where one was started."""
    layout = Layout(env_dir)
    found = []
    for name in (*((kms.NAME,) if layout.pid(kms.NAME).exists() else ()), *COMPONENTS):
        daemon = layout.daemon(name)
        record = daemon.record()
        pid = None if record is None else record.pid
        found.append(ComponentStatus(name, pid, daemon.resident_bytes(), layout.log(name)))
    return found


def api_port(env_dir: Path) -> int:
    """Return the port that the API server of an environment listens on. Raises ControlPlaneError."""
    with _reported():
        return remembered_ports(Layout(env_dir).ports, PORT_NAMES)["kube-apiserver"]


def _launch(layout: Layout, settings: Settings, name: str, command: tuple[str, ...]) -> bool:
    daemon = layout.daemon(name)
    with _reported():
        running = daemon.record()
        if running is not None and running.command != command:
            daemon.stop()
            running = None
        if running is not None or daemon.adopt(command):
            return False
        ports = [settings.ports[port] for port in _PORTS_OF[name]]
        deadline = time.monotonic() + _PORT_SECONDS  # one of ours that was just killed may hold it for a moment
        while (taken := [port for port in ports if not port_is_free(port)]) and time.monotonic() < deadline:
            time.sleep(0.05)
        if taken:
            raise ControlPlaneError(
                f"{name}: another process listens on port {', '.join(map(str, taken))}. Stop it, or delete "
                f"{layout.ports} to have new ports chosen."
            )
        return daemon.start(command)


def _relaunch_if_dying(
    layout: Layout, settings: Settings, name: str, command: tuple[str, ...], ready: Callable[[], bool]
) -> bool:
    """Start a component again that ran when it was looked at and is gone now; return whether it was."""
    deadline = time.monotonic() + _DYING_SECONDS
    while not ready() and time.monotonic() < deadline:
        if layout.daemon(name).record() is None:
            return _launch(layout, settings, name, command)
        time.sleep(0.05)
    return False


def _probes(layout: Layout, settings: Settings) -> dict[str, Callable[[], bool]]:
    pki = layout.pki
    store = _pool(pki / "etcd/ca.crt", (pki / "apiserver-etcd-client.crt", pki / "apiserver-etcd-client.key"))
    api = _pool(pki / "ca.crt", (pki / "apiserver-kubelet-client.crt", pki / "apiserver-kubelet-client.key"))
    ports = settings.ports
    return {
        "etcd": _answers_ok(store, f"https://{LOOPBACK}:{ports['etcd-client']}/readyz"),
        "kube-apiserver": _answers_ok(api, f"{settings.server}/readyz"),
        "kube-controller-manager": _is_healthy(ports["kube-controller-manager"], "/healthz"),
        "kube-scheduler": _is_healthy(ports["kube-scheduler"], "/readyz"),
    }


def _pool(authority_file: Path, client: tuple[Path, Path]) -> urllib3.PoolManager:
    context = ssl.create_default_context(cafile=str(authority_file))
    context.load_cert_chain(*map(str, client))
    return urllib3.PoolManager(ssl_context=context, retries=False, timeout=_TIMEOUT)


def _answers_ok(pool: urllib3.PoolManager, url: str) -> Callable[[], bool]:
    def probe() -> bool:
        try:
            return bool(pool.request("GET", url).status == 200)
        except HTTPError:
            return False

    return probe


def _is_healthy(port: int, path: str) -> Callable[[], bool]:
    """Return the probe of a component that signed its certificate itself: the kubelet, too, asks it unverified."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    def probe() -> bool:
        connection = HTTPSConnection(LOOPBACK, port, timeout=5.0, context=context)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    return probe


@contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except ProcessError as error:
        raise ControlPlaneError(str(error)) from error
