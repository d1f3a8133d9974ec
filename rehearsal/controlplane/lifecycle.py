"""Starting, inspecting and stopping the control plane of a rehearsed environment."""

from __future__ import annotations

import datetime
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import urllib3
from rich.console import Console
from urllib3.exceptions import HTTPError

from rehearsal.controlplane import flags, pki
from rehearsal.controlplane.documents import write_documents
from rehearsal.controlplane.layout import DEFAULT_SERVICE_RANGE, LOOPBACK, PORT_NAMES, Layout, Settings
from rehearsal.processes import Daemon, ProcessError, port_is_free, remembered_ports

COMPONENTS: Final = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
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
    """Start what does not run of the control plane of the environment in `env_dir`, and wait until it is
    ready.

    `tools` has the executable of each of `COMPONENTS`. Ports, keys and data are kept from one start to the
    next. Raises ControlPlaneError when a tool is missing, a port is taken, or a component does not become
    ready.
    """
    missing = [name for name in COMPONENTS if name not in tools]
    if missing:
        raise ControlPlaneError(f"No executable was given for {', '.join(missing)}.")
    began = time.monotonic()
    layout = Layout(env_dir)
    layout.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _reported():
        settings = Settings(cluster_name, service_range, remembered_ports(layout.ports, PORT_NAMES))
    try:
        pki.ensure(layout, settings, datetime.datetime.now(datetime.UTC))
    except ValueError as error:
        raise ControlPlaneError(
            f"{layout.pki}: a key or certificate cannot be read ({error}). Delete {layout.folder} to begin anew; "
            "the objects of the cluster go with it."
        ) from error
    write_documents(layout, settings)
    layout.etcd_data.mkdir(mode=0o700, parents=True, exist_ok=True)

    probes = _probes(layout, settings)
    # The scheduler and the controllers need the API; they need not wait for each other.
    for stage in (("etcd",), ("kube-apiserver",), ("kube-controller-manager", "kube-scheduler")):
        started = {name: _launch(layout, settings, name, tools[name]) for name in stage}
        for name in stage:
            if not started[name]:
                started[name] = _relaunch_if_dying(layout, settings, name, tools[name], probes[name])
            with _reported():
                seconds = _daemon(layout, name).await_ready(probes[name], _READY_SECONDS)
            port = settings.ports[_PORTS_OF[name][0]]
            took = f"ready in {seconds:.1f} s" if started[name] else "was running"
            console.print(f"{name}: {took}, port {port}", highlight=False)
    console.print(
        f"Control plane of {cluster_name} is up in {time.monotonic() - began:.1f} s: {settings.server}",
        highlight=False,
    )
    return ControlPlane(env_dir, layout.kubeconfig, settings.server)


def stop(env_dir: Path) -> None:
    """Stop the components, the store last; nothing happens when none runs.

    Raises ControlPlaneError when one does not end; the others are stopped all the same.
    """
    layout = Layout(env_dir)
    failures: list[str] = []
    for name in reversed(COMPONENTS):
        try:
            _daemon(layout, name).stop()
        except ProcessError as error:
            failures.append(str(error))
    if failures:
        raise ControlPlaneError("\n".join(failures))


def status(env_dir: Path) -> list[ComponentStatus]:
    """Return each component's state, in the order in which they start."""
    layout = Layout(env_dir)
    found = []
    for name in COMPONENTS:
        daemon = _daemon(layout, name)
        record = daemon.record()
        pid = None if record is None else record.pid
        found.append(ComponentStatus(name, pid, daemon.resident_bytes(), layout.log(name)))
    return found


def _launch(layout: Layout, settings: Settings, name: str, executable: Path) -> bool:
    daemon = _daemon(layout, name)
    render = {
        "etcd": flags.etcd,
        "kube-apiserver": flags.kube_apiserver,
        "kube-controller-manager": flags.kube_controller_manager,
        "kube-scheduler": flags.kube_scheduler,
    }[name]
    command = (str(executable), *render(layout, settings))
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
    layout: Layout, settings: Settings, name: str, executable: Path, ready: Callable[[], bool]
) -> bool:
    """Start a component again that ran when it was looked at and is gone now; return whether it was."""
    deadline = time.monotonic() + _DYING_SECONDS
    while not ready() and time.monotonic() < deadline:
        if _daemon(layout, name).record() is None:
            return _launch(layout, settings, name, executable)
        time.sleep(0.05)
    return False


def _daemon(layout: Layout, name: str) -> Daemon:
    return Daemon(name, layout.pid(name), layout.log(name))


def _probes(layout: Layout, settings: Settings) -> dict[str, Callable[[], bool]]:
    administrator = _pool(layout, "ca", "admin")
    store = _pool(layout, "etcd-ca", "apiserver-etcd-client")
    ports = settings.ports
    return {
        "etcd": _answers_ok(store, f"https://{LOOPBACK}:{ports['etcd-client']}/readyz"),
        "kube-apiserver": _answers_ok(administrator, f"{settings.server}/readyz"),
        "kube-controller-manager": _answers_ok(
            administrator, f"https://{LOOPBACK}:{ports['kube-controller-manager']}/healthz"
        ),
        "kube-scheduler": _answers_ok(administrator, f"https://{LOOPBACK}:{ports['kube-scheduler']}/readyz"),
    }


def _pool(layout: Layout, authority: str, client: str) -> urllib3.PoolManager:
    context = ssl.create_default_context(cafile=str(layout.certificate(authority)))
    context.load_cert_chain(str(layout.certificate(client)), str(layout.key(client)))
    timeout = urllib3.Timeout(connect=1.0, read=5.0)
    return urllib3.PoolManager(ssl_context=context, retries=False, timeout=timeout)


def _answers_ok(pool: urllib3.PoolManager, url: str) -> Callable[[], bool]:
    def probe() -> bool:
        try:
            return bool(pool.request("GET", url).status == 200)
        except HTTPError:
            return False

    return probe


@contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except ProcessError as error:
        raise ControlPlaneError(str(error)) from error
