"""Rules of one workload that no single field can judge."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.spec.errors import Location, Problem, listed_twice
from infra.spec.workloads.autoscaling_rules import check_autoscaling
from infra.spec.workloads.folder_rules import check_folders
from infra.spec.workloads.helper_rules import check_helpers
from infra.spec.workloads.kind_rules import check_kind, serves
from infra.spec.workloads.probes import ProbeSpec
from infra.spec.workloads.scalars import cpu_millicores
from infra.spec.workloads.secret_rules import check_plain_secrets
from infra.spec.workloads.service_rules import check_service
from infra.spec.workloads.update_rules import check_update
from infra.spec.workloads.workload import WorkloadSpec

CALLERS = ("edge", "monitoring")
"""What may stand in ``from`` beside names of workloads: the edge router and the monitoring."""

_OWN_VOLUMES = re.compile(r"config|config-files|secrets|agents|aws-token|(scratch|logs|buffer)-[0-9]+")

PROBES = ("common", "readiness", "liveness", "startup")


def check_workload(workload: WorkloadSpec) -> list[Problem]:
    """Return all problems of a structurally sound workload."""
    return [
        *check_kind(workload),
        *check_autoscaling(workload),
        *_check_storage(workload),
        *_check_ports(workload),
        *_check_probes(workload),
        *_check_resources(workload),
        *_check_capabilities(workload),
        *check_update(workload),
        *_check_names(workload),
        *check_helpers(workload),
        *check_folders(workload),
        *_check_secrets(workload),
        *check_plain_secrets(workload),
        *_check_traffic(workload),
        *check_service(workload),
    ]


def _check_storage(workload: WorkloadSpec) -> Iterator[Problem]:
    if not workload.claims:
        if "retain_claims" in workload.model_fields_set:
            yield Problem(
                ("retainClaims",),
                "is of claims, and there are none",
                "remove it, or add claims",
                str(workload.retain_claims).lower(),
                (("claims",),),
            )
        return
    if workload.kind == "DaemonSet":
        yield Problem(
            ("claims",),
            "cannot be used by a DaemonSet: its pods would share one volume",
            "use scratch, or a StatefulSet",
            None,
            (("kind",),),
        )
    if workload.kind in ("Job", "CronJob") and workload.mounted_by_one:
        yield from _check_runs(workload)
    if (
        workload.kind == "Deployment"
        and workload.replicas > 1
        and workload.autoscaling is None
        and workload.mounted_by_one
    ):
        unset = "" if "replicas" in workload.model_fields_set else "(the default) "
        yield Problem(
            ("replicas",),
            f"{unset}is more than one, and the claims of a Deployment are shared by its pods, which these volumes "
            "are not",
            "write kind: StatefulSet, so that each pod gets its own, or replicas: 1",
            str(workload.replicas),
            (("claims",), ("kind",)),
        )


def _check_runs(workload: WorkloadSpec) -> Iterator[Problem]:
    """Find runs that would want the volume at the same time: the second one's pod would wait for the first one's."""
    shared = f"and pods of a {workload.kind} share its claims, which these volumes are not"
    other, related = "or claims of access: ReadWriteMany", (("claims",), ("kind",))
    if workload.job.parallelism > 1:
        number = str(workload.job.parallelism)
        yield Problem(("job", "parallelism"), f"is more than one, {shared}", f"write 1, {other}", number, related)
    if workload.kind == "CronJob" and workload.cron.concurrency == "Allow":
        what, fix = f"runs several at once, {shared}", f"write Forbid or Replace, {other}"
        yield Problem(("cron", "concurrency"), what, fix, repr(workload.cron.concurrency), related)


def _check_ports(workload: WorkloadSpec) -> Iterator[Problem]:
    names: set[str] = set()
    numbers: set[tuple[int, str]] = set()
    services: set[tuple[int, str]] = set()
    for index, port in enumerate(workload.ports):
        at: Location = ("ports", index)
        if port.name in names:
            yield Problem((*at, "name"), "is declared twice", "rename one", repr(port.name))
        if (port.port, port.protocol) in numbers:
            yield Problem((*at, "port"), "is declared twice", "remove one", str(port.port))
        elif ((port.service_port or port.port), port.protocol) in services:
            number, key = port.service_port or port.port, "port" if port.service_port is None else "servicePort"
            fix = "choose another" if port.service_port else "add a servicePort of its own"
            yield Problem((*at, key), "is the Service's number of two ports", fix, str(number))
        if port.app_protocol is not None and port.protocol != "TCP":
            fix = "remove it"
            yield Problem((*at, "appProtocol"), "is spoken over TCP alone", fix, repr(port.app_protocol))
        names.add(port.name)
        numbers.add((port.port, port.protocol))
        services.add((port.service_port or port.port, port.protocol))


_ASKS_A_PORT = ("http", "https", "tcp", "grpc")
_NEEDS = {
    "path": ("http", "https"),
    "headers": ("http", "https"),
    "service": ("grpc",),
    "command": ("exec",),
    "port": _ASKS_A_PORT,
}


def _check_probes(workload: WorkloadSpec) -> Iterator[Problem]:
    tcp = [port.name for port in workload.ports if port.protocol == "TCP"]
    for name in PROBES:
        probe: ProbeSpec = getattr(workload.probes, name)
        at: Location = ("probes", name)
        if probe.port is not None and probe.port not in tcp:
            known = f"write one of {', '.join(tcp)}" if tcp else "declare the port under ports"
            yield Problem((*at, "port"), "is not a TCP port of this workload", known, repr(probe.port), (("ports",),))
        kind = probe.type or workload.probes.common.type or ("http" if tcp else "none")
        if kind in _ASKS_A_PORT and not tcp and probe.type is not None:
            yield Problem(
                (*at, "type"),
                "asks a port, and the workload has no TCP port",
                "declare the port under ports, or write exec or none",
                repr(probe.type),
                (("ports",),),
            )
        command = probe.command or workload.probes.common.command
        if kind == "exec" and command is None:
            yield Problem(
                (*at, "command"), "is missing", "add command, for example ['cat', '/tmp/ready']", None, ((*at, "type"),)
            )
        for key, kinds in _NEEDS.items():
            if getattr(probe, key) is not None and kind not in kinds and not (key == "port" and kind == "none"):
                yield Problem(
                    (*at, key),
                    f"is of no use to a probe of type {kind}",
                    f"remove it, or write type: {kinds[0]}",
                    None,
                    ((*at, "type"), ("probes", "common"), ("ports",)),
                )


def _check_resources(workload: WorkloadSpec) -> Iterator[Problem]:
    limit, request = workload.resources.cpu_limit, workload.resources.cpu
    if limit is not None and cpu_millicores(limit) < cpu_millicores(request):
        yield Problem(
            ("resources", "cpuLimit"),
            f"is below the request of {request}",
            f"write at least {request}, or remove it",
            repr(limit),
            (("resources", "cpu"),),
        )


def _check_capabilities(workload: WorkloadSpec) -> Iterator[Problem]:
    security = workload.security
    yield from listed_twice(("security", "capabilities"), security.capabilities)
    if security.capabilities and security.run_as_user != 0:
        yield Problem(
            ("security", "capabilities"),
            f"are of root's processes alone, and these are of user {security.run_as_user}",
            "remove it, or write runAsUser: 0; ports below 1024 need none",
            ", ".join(security.capabilities),
            (("security", "runAsUser"),),
        )


def _check_names(workload: WorkloadSpec) -> Iterator[Problem]:
    for key, items in (("claims", workload.claims), ("secrets", workload.secrets)):
        names = [item.name for item in items]
        for index, name in enumerate(names):
            if name in names[:index]:
                yield Problem((key, index, "name"), "is declared twice", "rename or remove one", repr(name))
    for index, claim in enumerate(workload.claims):
        if _OWN_VOLUMES.fullmatch(claim.name):
            fix = "choose another name, as data"
            yield Problem(("claims", index, "name"), "is the name of a volume of Slipway's own", fix, repr(claim.name))
    for name, field in workload.env_from_pod.items():
        at: Location = ("envFromPod", name)
        if name in workload.env:
            yield Problem(at, "is an environment variable of env already", "rename or remove one", repr(field))
        if field == "ordinal" and workload.kind != "StatefulSet":
            fix = "remove it, or write kind: StatefulSet"
            yield Problem(at, f"is of a StatefulSet's pods, and this is a {workload.kind}", fix, repr(field))
    variables = dict.fromkeys((*workload.env, *workload.env_from_pod))
    for index, secret in enumerate(workload.secrets):
        if secret.env is not None and secret.env in variables:
            yield Problem(
                ("secrets", index, "env"),
                "is an environment variable already",
                "rename or remove one",
                repr(secret.env),
                (("env",),),
            )
        variables[secret.env or ""] = None


def _check_secrets(workload: WorkloadSpec) -> Iterator[Problem]:
    for index, secret in enumerate(workload.secrets):
        sources = [key for key in ("config", "generate", "existing") if getattr(secret, key) is not None]
        if len(sources) != 1:
            yield Problem(
                ("secrets", index),
                "does not say where it is from" if not sources else f"has {' and '.join(sources)}: one too many",
                "write one of config (a key of the stack's secret configuration), generate (a number of characters) "
                "and existing (the name of a Secret)",
                repr(secret.name),
            )


def _check_traffic(workload: WorkloadSpec) -> Iterator[Problem]:
    for key, names in (("from", workload.from_), ("to", workload.to), ("after", workload.after)):
        yield from listed_twice((key,), names)
    if not serves(workload):
        return
    if workload.from_ and not workload.ports:
        fix = "add ports, or remove from"
        yield Problem(("from",), "lets callers in, and there is no port", fix, None, (("ports",),))
    elif workload.from_ and not workload.open_ports and workload.kind == "StatefulSet":
        yield Problem(
            ("from",),
            "lets callers in, and its ports are for members only",
            "add a port that callers may reach, or remove from",
            None,
            (("ports",),),
        )
    if workload.expose is None:
        return
    if not any(port.protocol == "TCP" for port in workload.open_ports):
        yield Problem(("expose",), "needs a TCP port to reach", "add ports", None, (("ports",),))
    if "edge" not in workload.from_:
        yield Problem(
            ("expose",), "is for the edge router, which from does not let in", "add edge to from", None, (("from",),)
        )
