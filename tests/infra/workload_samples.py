"""Workloads for tests: files written to a folder and read as the program reads them; and random valid ones."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from infra.spec import EnvironmentSpec, SpecError
from infra.spec.stack_file import StackFileLoader
from infra.spec.workloads.load import judge_workloads
from tests.infra.samples import sample_spec


class FileDumper(yaml.SafeDumper):
    """Writes YAML for the loader of stack files: text that this one takes for a number (``0E0``) goes in quotes."""

    yaml_implicit_resolvers = StackFileLoader.yaml_implicit_resolvers


DIGEST = "sha256:" + "ab" * 32
IMAGE = f"registry.example.com/team/web@{DIGEST}"
NAMESPACES = [{"name": "web"}, {"name": "data"}]
EDGE: dict[str, Any] = {
    "firewall": [
        {"name": "all", "sources": ["anywhere"], "ports": [443], "hosts": ["*.example.com", "*.slipway.internal"]}
    ],
    "tls": {"acm": "arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"},
}
"""An edge for those workloads that are to be reached through one."""


def declare_workloads(spec: EnvironmentSpec, folder: Path) -> EnvironmentSpec:
    """Return the environment with its workloads read from ``folder``.

    Raises:
        SpecError: with every problem of all their files and overrides, each with its file.
    """
    whole, found = judge_workloads(spec, folder)
    if found:
        raise SpecError("test", found)
    return whole


def environment(
    files: Mapping[str, Mapping[str, Any]],
    *,
    uses: Sequence[Mapping[str, Any]] | None = None,
    backends: Sequence[Mapping[str, Any]] = (),
    namespaces: Sequence[Mapping[str, Any]] = tuple(NAMESPACES),
    groups: Sequence[Mapping[str, Any]] | None = None,
    pinned: bool = True,
    edge: Mapping[str, Any] | None = None,
    network: Mapping[str, Any] | None = None,
    cluster: Mapping[str, Any] | None = None,
    change: Mapping[str, Any] | None = None,
) -> EnvironmentSpec:
    """Return the sample environment with these workloads, by default all in namespace ``web``; with this edge, or one
    where one of them is exposed."""
    if edge is None and any("expose" in written for written in files.values()):
        edge = EDGE
    spec = sample_spec(
        cluster={"namespaces": list(namespaces), **(cluster or {})},
        workloads=list(uses if uses is not None else [{"name": name, "namespace": "web"} for name in files]),
        backends=list(backends),
        pinnedImages=pinned,
        **({} if groups is None else {"instanceGroups": list(groups)}),
        **({} if edge is None else {"edge": edge}),
        **({} if network is None else {"network": network}),
        **(change or {}),
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, written in files.items():
            (Path(folder) / f"{name}.yaml").write_text(yaml.dump(dict(written), Dumper=FileDumper), encoding="utf-8")
        return declare_workloads(spec, Path(folder))


def problems(files: Mapping[str, Mapping[str, Any]], **keywords: Any) -> list[str]:
    """Return what is wrong with these workloads, one line each."""
    try:
        environment(files, **keywords)
    except SpecError as error:
        return [str(problem) for problem in error.problems]
    return []


_COUNTS = st.sampled_from(["1", "2", "25%", "100%"])
_PORTS = st.lists(
    st.tuples(st.integers(1, 65535), st.sampled_from(["TCP", "UDP"])), max_size=3, unique_by=lambda each: each[0]
).map(lambda found: [{"name": f"p{i}", "port": port, "protocol": kind} for i, (port, kind) in enumerate(found)])
_PROBE = st.fixed_dictionaries(
    {},
    optional={
        "periodSeconds": st.integers(1, 300),
        "timeoutSeconds": st.integers(1, 60),
        "failureThreshold": st.integers(1, 1000),
    },
)

_POD_FIELDS = st.sampled_from(["name", "namespace", "uid", "ip", "node", "nodeIp", "memoryLimit", "cpuRequest"])
_HELPER = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["setup", "proxy"]),
        "args": st.just(["a"]),
        "runs": st.sampled_from(["before", "beside"]),
    },
    optional={"image": st.just(IMAGE), "env": st.just({"A": "b"}), "runAsUser": st.just(101)},
)

_AUTOSCALING = st.fixed_dictionaries(
    {"minReplicas": st.integers(1, 5), "maxReplicas": st.integers(6, 1000)},
    optional={
        "cpuPercent": st.integers(1, 1000),
        "memoryPercent": st.integers(1, 95),
        "scaleDownAfter": st.sampled_from(["0s", "90s", "1h"]),
    },
)


@st.composite
def workloads(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a valid workload of any kind, as its file would hold it."""
    kind = draw(st.sampled_from(["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"]))
    made: dict[str, Any] = {"kind": kind, "image": IMAGE}
    serves = kind not in ("Job", "CronJob")
    if serves:
        made["ports"] = draw(_PORTS)
        made["service"] = draw(_service(made["ports"]))
        made["from"] = ["edge"] if made["ports"] and draw(st.booleans()) else []
    if kind in ("Deployment", "StatefulSet"):
        made["replicas"] = draw(st.integers(0, 5))
        if kind == "StatefulSet" and len(made["ports"]) > 1:
            made["ports"][-1]["membersOnly"] = draw(st.booleans())
        made["claims"] = draw(st.sampled_from([[], [{"name": "data", "path": "/data", "sizeGi": 1}]]))
        if kind == "Deployment" and made["claims"]:
            made["replicas"] = 1
        elif kind == "Deployment" and draw(st.booleans()):
            del made["replicas"]
            made["autoscaling"] = draw(_AUTOSCALING)
    if kind == "Job":
        made["claims"] = draw(st.sampled_from([[], [{"name": "data", "path": "/data", "sizeGi": 1}]]))
    if kind == "DaemonSet":
        made["update"] = draw(st.sampled_from([{"maxSurge": "1"}, {"maxSurge": "0", "maxUnavailable": "25%"}]))
    if kind in ("Deployment", "StatefulSet"):
        made["update"] = {"minReadySeconds": draw(st.integers(0, 700))}
        made["update"] |= (
            {"partition": 1} if kind == "StatefulSet" else {} if made["claims"] else {"maxSurge": draw(_COUNTS)}
        )
        made["disruption"] = {"maxUnavailable": draw(_COUNTS)}
        made["spread"] = {"zones": draw(st.sampled_from(["required", "preferred", "none"]))}
    if kind == "CronJob":
        made["schedule"] = draw(st.sampled_from(["30 2 * * *", "*/5 1-3 1,15 * 0", "@daily"]))
        made["cron"] = {"concurrency": draw(st.sampled_from(["Forbid", "Allow", "Replace"]))}
    made["probes"] = {"common": {"type": draw(_probe_type(made))}, "liveness": draw(_PROBE)}
    if made["probes"]["common"]["type"] == "exec":
        made["probes"]["common"]["command"] = ["true"]
    made["secrets"] = draw(st.sampled_from([[], [{"name": "a.key", "generate": 20, "env": "A_KEY"}]]))
    names = st.sampled_from(["a.yaml", "b_c", "/etc/app/a.yaml"])
    made["config"] = draw(st.dictionaries(names, st.text(max_size=20), max_size=2))
    made["envFromPod"] = draw(st.dictionaries(st.sampled_from(["POD", "AT"]), _POD_FIELDS))
    made["helpers"] = draw(st.lists(_HELPER, max_size=2, unique_by=lambda each: each["name"]))
    made["env"] = draw(st.dictionaries(st.sampled_from(["A", "B_1", "c.d"]), st.text("xyz 1$()", max_size=9)))
    made["aws"] = draw(st.sampled_from([[], [{"actions": ["s3:GetObject"], "resources": ["*"]}]]))
    made["tolerations"] = draw(st.sampled_from([[], ["example.com/a=b:NoSchedule", "example.com/c:NoExecute"]]))
    made["stopWithinSeconds"] = draw(st.integers(1, 3600))
    if draw(st.booleans()):
        made["sidecars"] = [{"type": "stream", "image": IMAGE, "folder": "/var/log/app", "files": ["a.log", "b.log"]}]
    return made


def _service(ports: list[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    if not ports:
        return st.just({})
    mixed = len({port["protocol"] for port in ports}) > 1
    kinds = st.sampled_from(["clusterIP", "headless", "nodePort", *([] if mixed else ["loadBalancer"])])
    spread = st.sampled_from(["Everywhere", "PreferSameZone", "PreferSameNode"])
    affinity = st.sampled_from(["None", "ClientIP"])
    idle = {
        "headless": {"trafficDistribution": "Everywhere", "sessionAffinity": "None"},
        "loadBalancer": {"sessionAffinity": "None"},
    }
    drawn = st.fixed_dictionaries({"type": kinds, "trafficDistribution": spread, "sessionAffinity": affinity})
    return drawn.map(lambda made: {**made, **idle.get(made["type"], {})})


def _probe_type(made: Mapping[str, Any]) -> st.SearchStrategy[str]:
    tcp = any(port["protocol"] == "TCP" for port in made.get("ports", []))
    return st.sampled_from(["http", "https", "tcp", "grpc", "exec", "none"] if tcp else ["exec", "none"])
