"""Sidecars for log files: native ones, init containers that keep running and stop after the main container."""

from __future__ import annotations

from typing import Any

from infra.spec import EnvironmentSpec
from infra.spec.workloads.parts import SidecarSpec
from infra.spec.workloads.pod_size import SIDECARS, Share
from infra.spec.workloads.workload import WorkloadSpec

_BUFFER = "100M"
"""What an agent holds on disk while its destination is away; below its limit of ephemeral storage."""
_FORWARD_PORT = 24224
"""Port of the forward protocol (Fluentd documentation, "in_forward")."""


def sidecar_containers(workload: WorkloadSpec, security: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the containers of all sidecars."""
    made = []
    for index, sidecar in enumerate(workload.sidecars):
        if sidecar.type == "agent":
            made.append(_agent(index, sidecar, security))
        else:
            made += [_stream(index, position, sidecar, security) for position in range(len(sidecar.files))]
    return made


def sidecar_volumes(workload: WorkloadSpec) -> list[dict[str, Any]]:
    """Return the folders that sidecars share with the workload, and the buffers of agents."""
    made: list[dict[str, Any]] = []
    for index, sidecar in enumerate(workload.sidecars):
        made.append({"name": f"logs-{index}", "emptyDir": {"sizeLimit": f"{sidecar.size_mi}Mi"}})
        if sidecar.type == "agent":
            made.append({"name": f"buffer-{index}", "emptyDir": {"sizeLimit": "128Mi"}})
    return made


def sidecar_mounts(workload: WorkloadSpec) -> list[dict[str, Any]]:
    """Return the mounts of the shared folders in the main container."""
    return [{"name": f"logs-{index}", "mountPath": each.folder} for index, each in enumerate(workload.sidecars)]


def sidecar_files(spec: EnvironmentSpec, workload: WorkloadSpec) -> dict[str, str]:
    """Return the configuration of the agents, by name of file."""
    return {
        f"fluent-bit-{index}.yaml": _agent_settings(spec, workload, sidecar)
        for index, sidecar in enumerate(workload.sidecars)
        if sidecar.type == "agent"
    }


def _resources(share: Share) -> dict[str, Any]:
    held = {"memory": share.memory, "ephemeral-storage": share.disk}
    return {"requests": {"cpu": share.cpu, **held}, "limits": held}


def _stream(index: int, position: int, sidecar: SidecarSpec, security: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": f"stream-{index}-{position}",
        "image": sidecar.image,
        "restartPolicy": "Always",
        # -F goes by name, not by file: it follows a rotation, and waits for a file that is not there yet.
        "command": ["tail", "-n", "+1", "-F", f"{sidecar.folder}/{sidecar.files[position]}"],
        "resources": _resources(SIDECARS["stream"]),
        "securityContext": security,
        "volumeMounts": [{"name": f"logs-{index}", "mountPath": sidecar.folder, "readOnly": True}],
    }


def _agent(index: int, sidecar: SidecarSpec, security: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": f"agent-{index}",
        "image": sidecar.image,
        "restartPolicy": "Always",
        "args": [f"--config=/etc/agent/fluent-bit-{index}.yaml"],
        "resources": _resources(SIDECARS["agent"]),
        "securityContext": security,
        "volumeMounts": [
            {"name": f"logs-{index}", "mountPath": sidecar.folder, "readOnly": True},
            {"name": f"buffer-{index}", "mountPath": "/var/lib/agent"},
            {"name": "agents", "mountPath": "/etc/agent", "readOnly": True},
        ],
    }


def _agent_settings(spec: EnvironmentSpec, workload: WorkloadSpec, sidecar: SidecarSpec) -> str:
    host, port = _destination(spec, workload, str(sidecar.send_to))
    lines = ["service:", "  flush: 1", "  storage.path: /var/lib/agent/buffer", "pipeline:", "  inputs:"]
    for name in sidecar.files:
        lines += [
            "    - name: tail",
            f"      path: {sidecar.folder}/{name}",
            f"      tag: {workload.namespace}.{workload.name}.{name}",
            f"      db: /var/lib/agent/{name}.db",
            "      read_from_head: true",
            "      storage.type: filesystem",
        ]
    lines += [
        "  outputs:",
        "    - name: forward",
        '      match: "*"',
        f"      host: {host}",
        f"      port: {port}",
        "      require_ack_response: true",
        "      retry_limit: no_limits",
        f"      storage.total_limit_size: {_BUFFER}",
    ]
    return "\n".join(lines) + "\n"


def _destination(spec: EnvironmentSpec, workload: WorkloadSpec, name: str) -> tuple[str, int]:
    """Return host and port of what takes the lines: the port named ``forward``, else the first."""
    for backend in spec.backends:
        if (backend.name, backend.namespace) == (name, workload.namespace):
            named = [port.port for port in backend.ports if port.name == "forward"]
            return name, (named or [backend.ports[0].port])[0]
    for other in spec.declared_workloads:
        if other.name == name and other.open_ports:
            ports = {port.name: port.service_port or port.port for port in other.open_ports}
            return f"{name}.{other.namespace}", ports.get("forward", next(iter(ports.values())))
    return name, _FORWARD_PORT
