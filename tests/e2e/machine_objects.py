"""Kubernetes objects of the tests on machines: all of them run the web server of `tools/machine`."""

from __future__ import annotations

from typing import Any

from rehearsal.machines.images import WEB

Object = dict[str, Any]
SMALL = {"requests": {"cpu": "10m", "memory": "32Mi"}}
SOON: list[Object] = [
    {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}
    for key in ("not-ready", "unreachable")
]
"""Tolerations by which a pod leaves a node 5 s after it is taken for lost, and not the default's 300 s."""


def named(kind: str, name: str, version: str = "v1", **rest: Any) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **rest}


def container(name: str = "web", *arguments: str, resources: Object | None = None, port: int = 8080) -> Object:
    return {
        "name": name,
        "image": WEB,
        "imagePullPolicy": "Never",
        "args": [f"-listen=:{port}", *arguments],
        "resources": SMALL if resources is None else resources,
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": port}, "periodSeconds": 1, "failureThreshold": 1},
    }


def pod(name: str, *containers: Object, namespace: str = "default", **spec: Any) -> Object:
    meta = {"name": name, "namespace": namespace, "labels": {"app": name}}
    body = {"containers": list(containers) or [container()], "terminationGracePeriodSeconds": 1, **spec}
    return named("Pod", name, metadata=meta, spec=body)


def deployment(name: str, replicas: int, **spec: Any) -> Object:
    """Return a Deployment whose pods are spread over the nodes."""
    labels = {"app": name}
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels},
        # Pods of an earlier rollout, which are about to go, do not count.
        "matchLabelKeys": ["pod-template-hash"],
    }
    template = {
        "metadata": {"labels": labels},
        "spec": {
            "containers": [container()],
            "terminationGracePeriodSeconds": 1,
            "topologySpreadConstraints": [spread],
            **spec,
        },
    }
    body = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return named("Deployment", name, "apps/v1", spec=body)


def ingress_policy(app: str, *peers: Object) -> Object:
    """Return a network policy that lets these peers to an app's pods, and nobody else."""
    spec = {
        "podSelector": {"matchLabels": {"app": app}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": list(peers)}],
    }
    return named("NetworkPolicy", app, "networking.k8s.io/v1", spec=spec)


def service(name: str, **spec: Any) -> Object:
    ports = [{"port": 80, "targetPort": 8080}]
    return named("Service", name, spec={"selector": {"app": name}, "ports": ports, **spec})


def stateful_set(name: str, storage: str) -> Object:
    """Return a StatefulSet of one pod with a volume at /data, from the class that claims get when they name none."""
    labels = {"app": name}
    mounted = {**container(), "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    template = {
        "metadata": {"labels": labels},
        "spec": {
            "containers": [mounted],
            "securityContext": {"fsGroup": 65532},
            "terminationGracePeriodSeconds": 1,
        },
    }
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage}}},
    }
    body = {
        "replicas": 1,
        "serviceName": name,
        "selector": {"matchLabels": labels},
        "template": template,
        "volumeClaimTemplates": [claim],
    }
    return named("StatefulSet", name, "apps/v1", spec=body)


def shop(replicas: int, here: str, there: str, *talk: str) -> list[Object]:
    """Return a Service over pods on all nodes, a client, another one elsewhere, and a pod that fills its log."""
    return [
        deployment("shop", replicas, tolerations=SOON),
        service("shop"),
        pod("client", nodeName=here),
        pod("teller", namespace="bank", nodeName=there),
        pod("talker", container("web", *talk), nodeName=here),
    ]
