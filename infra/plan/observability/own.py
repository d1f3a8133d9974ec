"""What an environment brings to its monitoring, put into Prometheus and Grafana beside what Slipway brings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.plan.addons.objects import Manifest
from infra.plan.observability.reload import read_once, script
from infra.spec import EnvironmentSpec, Problem, SpecError
from infra.spec.errors import Location
from infra.spec.observability import MONITORING_NAMESPACE

CONFIG_MAP_LIMIT = 1024 * 1024
"""Bytes of data that a ConfigMap holds (Kubernetes, ``MaxSecretSize``: "ConfigMaps", "Motivation")."""

CHECKED_RULES = "/etc/prometheus-rules-checked"
OWN_DASHBOARDS = "/etc/grafana/dashboards-own"

_SCRIPT = "check-rules.sh"
_READY = f"{CHECKED_RULES}/ready"
"""Written by the script when it has been through all files once."""

_RULES, _DASHBOARDS = "prometheus-rules-own", "grafana-dashboards-own"


def own_rules(manifest: Manifest, spec: EnvironmentSpec, stateful_set: str) -> None:
    """Have Prometheus judge the environment's own rules.

    A container beside Prometheus's puts each file to promtool before Prometheus sees it, at the start and after each
    change: what the spec's checks cannot know (such as whether a template names a function that there is) must not keep
    Prometheus from starting, nor other rules from being read.

    Raises:
        SpecError: the files are too large together.
    """
    rules = spec.own_monitoring.rules
    if not rules:
        return
    data = {_SCRIPT: script(_SCRIPT), **{f"{name}.yaml": text for name, text in rules.items()}}
    manifest.add(_config_map(spec, _RULES, data, ("monitoring", "rules")))
    pod = manifest.pod("StatefulSet", stateful_set)
    main = manifest.container("StatefulSet", stateful_set, stateful_set)
    own = {"name": "own-rules", "mountPath": "/etc/prometheus-rules-own", "readOnly": True}
    checked = {"name": "checked-rules", "mountPath": CHECKED_RULES}
    pod.setdefault("initContainers", []).append(
        {
            "name": "check-rules",
            "image": main["image"],
            "restartPolicy": "Always",
            "command": ["/bin/sh", f"/etc/prometheus-rules-own/{_SCRIPT}"],
            # Prometheus starts after it: an alert whose rule came later would begin to wait anew.
            "startupProbe": {"exec": {"command": ["test", "-e", _READY]}, "periodSeconds": 1, "failureThreshold": 120},
            "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
            "securityContext": main["securityContext"],
            "volumeMounts": [own, checked],
        }
    )
    main["volumeMounts"].append({**checked, "readOnly": True})
    pod["volumes"] += [
        {"name": "own-rules", "configMap": {"name": _RULES}},
        {"name": "checked-rules", "emptyDir": {"sizeLimit": "16Mi"}},
    ]
    read_once(manifest, "StatefulSet", stateful_set, data[_SCRIPT])


def own_dashboards(manifest: Manifest, spec: EnvironmentSpec, deployment: str) -> bool:
    """Have Grafana show the environment's own dashboards, and return whether there are any.

    Raises:
        SpecError: the files are too large together.
    """
    dashboards = spec.own_monitoring.dashboards
    if not dashboards:
        return False
    data = {f"{name}.json": text for name, text in dashboards.items()}
    manifest.add(_config_map(spec, _DASHBOARDS, data, ("monitoring", "grafana", "dashboards")))
    mount = {"name": "own-dashboards", "mountPath": OWN_DASHBOARDS, "readOnly": True}
    manifest.container("Deployment", deployment, deployment)["volumeMounts"].append(mount)
    volume = {"name": "own-dashboards", "configMap": {"name": _DASHBOARDS}}
    manifest.pod("Deployment", deployment)["volumes"].append(volume)
    return True


def _config_map(spec: EnvironmentSpec, name: str, data: Mapping[str, str], at: Location) -> dict[str, Any]:
    size = sum(len(key.encode()) + len(text.encode()) for key, text in data.items())
    if size > CONFIG_MAP_LIMIT:
        most = max(data, key=lambda key: len(data[key]))
        problem = f"are {size:,} bytes together, and a ConfigMap holds {CONFIG_MAP_LIMIT:,}; the largest is {most}"
        raise SpecError(f"environment {spec.name}", [Problem(at, problem, "take some out")])
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": MONITORING_NAMESPACE},
        "data": dict(data),
    }
