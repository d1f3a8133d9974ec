"""A cluster on machines that boot, for tests to drive: kubectl, what pods answer, and the machines themselves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import pytest
from rich.console import Console

from rehearsal.machines.errors import MachineError
from rehearsal.machines.lifecycle import Machines
from rehearsal.machines.machine import Machine
from rehearsal.machines.requirements import missing_requirements
from rehearsal.toolchain import resolve
from tests.e2e.conftest import Rehearsed

NEEDS_MACHINES = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(missing_requirements()), reason=" ".join(missing_requirements())),
]
ALL_VARIABLE = "SLIPWAY_E2E_MACHINES"
NEEDS_ALL = [
    *NEEDS_MACHINES,
    pytest.mark.skipif(os.environ.get(ALL_VARIABLE) != "all", reason=f"takes minutes: set {ALL_VARIABLE}=all"),
]
_Result = TypeVar("_Result")


def eventually(find: Callable[[], _Result | None], seconds: float, what: str, pause: float = 1) -> _Result:
    until = time.monotonic() + seconds
    while (found := find()) is None:
        assert time.monotonic() < until, f"{what}: not within {seconds:.0f} s"
        time.sleep(pause)
    return found


class Cluster:
    """The environment's cluster, through kubectl and the environment's kubeconfig."""

    def __init__(self, environment: Rehearsed) -> None:
        self.root = environment.home / environment.name
        self.machines = Machines(environment.name, self.root)
        self._kubectl = resolve(["kubectl"], Console(stderr=True))["kubectl"]

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        done = self.attempt(*arguments, given=given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def attempt(self, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [
            str(self._kubectl),
            "--kubeconfig",
            str(self.root / "kubeconfig"),
            "--request-timeout=10s",
            *arguments,
        ]
        return subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, check=False)

    def apply(self, *objects: dict[str, Any]) -> None:
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self.kubectl("apply", "--server-side", "-f", "-", given=json.dumps(listed))

    def get(self, *arguments: str) -> Any:
        """Return an object or a list; a list without items when it cannot be had."""
        done = self.attempt("get", *arguments, "-o", "json")
        return json.loads(done.stdout) if done.returncode == 0 else {"items": []}

    def wait(self, condition: str, what: str, seconds: int = 60, namespace: str = "default") -> None:
        limits = f"--timeout={seconds}s", "--request-timeout=0"
        self.kubectl("wait", f"--for={condition}", what, *limits, f"--namespace={namespace}")

    def ask(self, pod: str, what: str, /, *, namespace: str = "default", **query: object) -> str:
        """Return what a pod's web server answers, asked through the API server."""
        return self.kubectl("get", "--raw", _pod_path(pod, what, namespace, query))

    def tells_its_node(self, pod: str, port: int, path: str, *, namespace: str, scheme: str = "http") -> str | None:
        """Return what a pod answers to its own node, which no network policy keeps out; None when it does not."""
        found = self.get("pod", pod, f"--namespace={namespace}")
        address = found.get("status", {}).get("podIP")
        if address is None:
            return None
        asked = ("curl", "-sSfk", "-m", "10", f"{scheme}://{address}:{port}{path}")
        try:
            return self.machine(found["spec"]["nodeName"]).execute(*asked)
        except MachineError:
            return None

    def answers(self, pod: str, what: str, /, *, namespace: str = "default", **query: object) -> bool | None:
        """Return True when a pod's web server answers with success, None when it does not."""
        return self.attempt("get", "--raw", _pod_path(pod, what, namespace, query)).returncode == 0 or None

    def reached_by(self, url: str, callers: Mapping[str, str], names: set[str]) -> bool | None:
        """Return True when these pods, and no others of `callers` (name -> namespace), are answered by a URL."""
        found = {name for name, home in callers.items() if self.answers(name, "get", namespace=home, url=url)}
        return True if found == names else None

    def refusal(self, pod: str, what: str, /, *, namespace: str = "default", **query: object) -> str:
        """Return what a pod's web server says when it cannot do what it is asked."""
        done = self.attempt("get", "--raw", _pod_path(pod, what, namespace, query))
        assert done.returncode != 0, done.stdout
        return done.stderr

    def answering(self, url: str, times: int, pod: str = "client") -> Counter[str]:
        """Return which pods answered so many connections that a pod made to a URL, and how often."""
        answers = _answerers(self.ask(pod, "get", url=url, times=times))
        assert len(answers) == times
        return Counter(answers)

    def served_by(self, url: str, pods: Collection[str], client: str = "client", seconds: float = 30) -> None:
        """Wait until a pod that asks a Service's URL is answered by all these pods and no others.

        A pod that the API calls ready is behind its Service only after each node's kube-proxy has heard of it.
        """
        path = _pod_path(client, "get", "default", {"url": url, "times": 10 * len(pods)})

        def found() -> bool | None:
            done = self.attempt("get", "--raw", path)
            # A connection that is refused makes the whole request fail.
            return True if done.returncode == 0 and set(_answerers(done.stdout)) == set(pods) else None

        eventually(found, seconds, f"{url} is answered by {', '.join(sorted(pods))}", 0.2)

    def pods(self, app: str, namespace: str = "default") -> dict[str, dict[str, Any]]:
        """Return name -> pod of those of an app that are ready and not about to go."""
        found = self.get("pods", f"--selector=app={app}", f"--namespace={namespace}")["items"]
        return {each["metadata"]["name"]: each for each in found if is_ready(each) and not leaving(each)}

    def nodes_of(self, app: str) -> list[str]:
        """Return the node of each of an app's ready pods."""
        return [each["spec"]["nodeName"] for each in self.pods(app).values()]

    def only_on(self, app: str, nodes: set[str], count: int) -> bool | None:
        """Return True when an app has that many ready pods, all on these nodes and on each of them."""
        found = self.nodes_of(app)
        return True if len(found) == count and set(found) == nodes else None

    def accept_pods(self, nodes: list[str]) -> bool | None:
        """Return True when none of these nodes has a taint that keeps pods from it."""
        return None if any(self.get("node", node)["spec"].get("taints") for node in nodes) else True

    def settled(self, app: str, count: int, seconds: float = 90) -> dict[str, dict[str, Any]]:
        """Return the pods of an app once that many are ready."""
        what = f"{count} pods of {app} are ready"
        return eventually(lambda: found if len(found := self.pods(app)) == count else None, seconds, what)

    def ready_nodes(self) -> dict[str, list[str]]:
        """Return role -> nodes of those that are ready now."""
        roles: dict[str, list[str]] = {}
        for node in self.get("nodes")["items"]:
            if is_ready(node):
                roles.setdefault(node["metadata"]["labels"]["slipway/role"], []).append(node["metadata"]["name"])
        return roles

    def memory_mib(self, node: str, pod: str = "") -> int:
        """Return the MiB that are left to a node's pods, or those that a pod has, as the kubelet saw it last."""
        summary = json.loads(self.kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/stats/summary"))
        used = {
            each["podRef"]["name"]: each["memory"]["workingSetBytes"] for each in summary["pods"] if "memory" in each
        }
        if pod:
            return int(used.get(pod, 0)) // 1024**2
        # The limit of all pods together; what they have of it in sum is newer than what stands beside it.
        (all_pods,) = (each["memory"] for each in summary["node"]["systemContainers"] if each["name"] == "pods")
        limit = all_pods["availableBytes"] + all_pods["workingSetBytes"]
        return int(limit - sum(used.values())) // 1024**2

    def told(self, pattern: str) -> re.Match[str] | None:
        return re.search(pattern, (self.root / "logs" / "machines.log").read_text())

    def machine(self, instance: str) -> Machine:
        """Return an instance's machine, in which commands can be run and which can be killed."""
        return Machine(instance, self.machines.folder / instance, f"{self.network}-{instance}", self.root / "logs")

    @property
    def network(self) -> str:
        """Name of the VPC's network namespace."""
        return f"slipway-{self.machines.network}"


def _pod_path(pod: str, what: str, namespace: str, query: Mapping[str, object]) -> str:
    asked = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in query.items())
    return f"/api/v1/namespaces/{namespace}/pods/{pod}:8080/proxy/{what}?{asked}"


def _answerers(answers: str) -> list[str]:
    return [line.split(" ")[1] for line in answers.splitlines()]


def is_ready(thing: dict[str, Any]) -> bool:
    conditions = thing.get("status", {}).get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def leaving(thing: dict[str, Any]) -> bool:
    return "deletionTimestamp" in thing["metadata"]
