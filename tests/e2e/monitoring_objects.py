"""Objects that monitoring tells of, and whom it tells, for tests to import."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from infra.plan.addons.objects import AddonObject
from tests.e2e.addon_pod import Cluster
from tests.e2e.test_addons import apply

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}}
MERGE = "application/merge-patch+json"
_SELECTED = {"matchLabels": {"app": "it"}}
_POD = {
    "containers": [
        {
            "name": "it",
            "image": "it:1",
            "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}},
        }
    ],
    "automountServiceAccountToken": False,
}


def subject(version: str, kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, **({} if kind == "Node" else {"namespace": "web"})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def template(**more: Any) -> dict[str, Any]:
    return {"metadata": {"labels": {"app": "it"}}, "spec": {**_POD, **more}}


SUBJECTS: list[dict[str, Any]] = [
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "web"}},
    subject("v1", "Node", "i-1", {"taints": [{"key": "kept-from-all", "effect": "NoSchedule"}]}),
    subject("v1", "Pod", "crashing", {**_POD, "nodeName": "i-1"}),
    subject("apps/v1", "Deployment", "it", {"replicas": 1, "selector": _SELECTED, "template": template()}),
    subject("apps/v1", "DaemonSet", "it", {"selector": _SELECTED, "template": template()}),
    subject("apps/v1", "StatefulSet", "it", {"serviceName": "it", "selector": _SELECTED, "template": template()}),
    subject("batch/v1", "Job", "failed", {"suspend": True, "template": {"spec": {**_POD, "restartPolicy": "Never"}}}),
    subject(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        "it",
        {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "it"},
            "minReplicas": 1,
            "maxReplicas": 3,
        },
    ),
]
OF_DETECTOR = ("KernelDeadlock", "ReadonlyFilesystem", "XfsShutdown", "CperHardwareErrorFatal")
"""Conditions that node-problem-detector adds to a Node."""
NODE_STATUS = {
    "allocatable": {"cpu": "2", "memory": "4Gi", "pods": "110"},
    "conditions": [
        {"type": name, "status": status, "reason": "It", "message": "it"}
        for name, status in (
            ("Ready", "True"),
            *((f"{name}Pressure", "False") for name in ("Memory", "Disk", "PID")),
            *((name, "False") for name in OF_DETECTOR),
        )
    ],
}
CRASHING = {
    "name": "it", "image": "it:1", "imageID": "", "ready": False, "restartCount": 3,
    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
}  # fmt: skip
FAILED = {
    "startTime": "2026-01-01T00:00:00Z",
    "conditions": [
        {"type": kind, "status": "True", "reason": "BackoffLimitExceeded"} for kind in ("FailureTarget", "Failed")
    ],
}

BLIND = {
    "currentReplicas": 1,
    "desiredReplicas": 1,
    "conditions": [{"type": "ScalingActive", "status": "False", "reason": "It", "message": "it"}],
}
"""What the controller of autoscalers says of one that it has no figures for."""


class Receiver:
    """Who is told of alerts."""

    def __init__(self) -> None:
        """Start to listen."""
        told: list[dict[str, Any]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.told = told
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


def found_pod(cluster: Cluster, workload: AddonObject, port: int) -> None:
    """Make the pod of a workload by which Prometheus finds a program that listens on a port here."""
    template = workload.body["spec"]["template"]["metadata"]
    metadata = {"name": workload.name, "namespace": "monitoring", **template}
    metadata["annotations"] = {**template["annotations"], "prometheus.io/port": str(port)}
    container = {"name": workload.name, "image": "it:1", "ports": [{"containerPort": port}]}
    spec = {
        "nodeName": "i-1",
        "serviceAccountName": workload.body["spec"]["template"]["spec"]["serviceAccountName"],
        "automountServiceAccountToken": False,
        "containers": [container],
    }
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    apply(cluster.provider, AddonObject("test", body), body, dry=False)
    status = {"phase": "Running", "podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}]}
    path = f"/api/v1/namespaces/monitoring/pods/{workload.name}/status"
    cluster.ask("PATCH", path, {"status": status}, content_type=MERGE)
