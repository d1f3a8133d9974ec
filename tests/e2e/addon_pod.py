"""A container of a manifest without a container runtime: arguments, environment, user, files and tokens as declared.

The program sees a root folder of its own, read-only and empty but for itself, /proc, /sys, /dev and the volumes of its
pod. The network is this machine's, so ports are changed, and addresses of what a pod would reach.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
import yaml

from infra.plan.addons.objects import AddonObject, Later
from rehearsal.controlplane import ControlPlane
from rehearsal.providers.kubernetes.provider import Provider
from tests.mounted import mount

Body = dict[str, Any]
Found = TypeVar("Found")

_TOKEN_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
_SCRIPT = """set -eu
mount -t tmpfs -o mode=755 none "$ROOT"
mkdir "$ROOT/proc" "$ROOT/sys" "$ROOT/dev" "$ROOT/etc"
mount --rbind /proc "$ROOT/proc"
mount --rbind /sys "$ROOT/sys"
mount --rbind /dev "$ROOT/dev"
while read -r from to; do
    if [ -d "$from" ]; then mkdir -p "$ROOT$to"; else mkdir -p "$ROOT${to%/*}"; [ -e "$ROOT$to" ] || : > "$ROOT$to"; fi
    mount --bind "$from" "$ROOT$to"
done < "$MOUNTS"
mount -o remount,ro "$ROOT"
unset MOUNTS
chosen=$ROOT; unset ROOT
exec chroot --userspec="$AS" --groups= "$chosen" "$@"
"""


def settled(value: Any, known: Mapping[str, str]) -> Any:
    """Return a manifest with what AWS would give: `known` by name, else a likely text."""
    if isinstance(value, Later):
        return known.get(value.name, f"value-of-{value.name}")
    if isinstance(value, Mapping):
        return {key: settled(item, known) for key, item in value.items()}
    return [settled(item, known) for item in value] if isinstance(value, (list, tuple)) else value


def eventually(holds: Callable[[], Found | None], seconds: float, what: Callable[[], str]) -> Found:
    """Return the first thing found that is something; fail with what `what` tells after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(0.1)
    raise AssertionError(what())


class Cluster:
    """A control plane, asked as its administrator."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self.provider = Provider(warn=lambda _urn, _text: None, environment={"KUBECONFIG": str(plane.kubeconfig)})
        self.provider.configure({})
        config = yaml.safe_load(plane.kubeconfig.read_text(encoding="utf-8"))
        self.authority = base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"])

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        """Send one request."""
        assert self.provider.connection.operations is not None
        return self.provider.connection.operations.cluster.client.request(method, path, body=body, **options)

    def token(self, namespace: str, account: str, audience: str | None = None) -> str:
        """Return a token of a ServiceAccount, as the kubelet would have it made."""
        spec = {"expirationSeconds": 3600, **({"audiences": [audience]} if audience else {})}
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        made = self.ask("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token", body)
        return str(made["status"]["token"])


class Container:
    """A program that runs as one container of a workload's pod."""

    def __init__(
        self,
        program: Path,
        workload: AddonObject,
        cluster: Cluster,
        folder: Path,
        *,
        container: str | None = None,
        beside: tuple[AddonObject, ...] = (),
        known: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        changed: Mapping[str, str] | None = None,
        added: tuple[str, ...] = (),
        mounted: Mapping[str, Path] | None = None,
    ) -> None:
        """Start a container of `workload`, the first unless its name is given.

        `beside`: where its ConfigMaps and Secrets are; `known`: what AWS would give, by name; `environment`: what this
        machine has elsewhere than AWS; `changed`: arguments that stand in place of declared ones, and `added` behind
        them; `mounted`: volumes that no ConfigMap, Secret or token is, by path in the container.
        """
        if os.geteuid() != 0:
            pytest.skip("a program is given its pod's files by root alone")
        self._cluster, self._folder = cluster, folder
        self._body = settled(workload.body, known or {})
        self._pod = self._body["spec"]["template"]["spec"]
        (self._container, *_) = (each for each in self._pod["containers"] if container in (None, each["name"]))
        self._beside = {(each.kind, each.name): settled(each.body, known or {}) for each in beside}
        mounts = {f"/bin/{program.name}": program, **self._volumes(), **(mounted or {})}
        assert {each["mountPath"] for each in self._container.get("volumeMounts", [])} <= set(mounts)
        (folder / "root").mkdir()
        (folder / "mounts").write_text("".join(f"{source} {target}\n" for target, source in mounts.items()))
        declared = [(changed or {}).get(each, each) for each in self._container.get("args", [])]
        assert set(changed or {}) <= set(self._container.get("args", []))
        self.log = folder / "log"
        with self.log.open("wb") as stream:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", _SCRIPT, "sh", f"/bin/{program.name}", *declared, *added],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env=self._environment(environment or {}),
            )

    def _environment(self, changed: Mapping[str, str]) -> dict[str, str]:
        fields = {
            "metadata.name": self._body["metadata"]["name"],
            "metadata.namespace": self._body["metadata"]["namespace"],
            "spec.nodeName": "somewhere",
            "status.podIP": "127.0.0.1",
        }
        declared = {
            each["name"]: each["value"] if "value" in each else fields[each["valueFrom"]["fieldRef"]["fieldPath"]]
            for each in self._container.get("env", [])
        }
        server = urlsplit(self._cluster.plane.server)
        there = {"KUBERNETES_SERVICE_HOST": str(server.hostname), "KUBERNETES_SERVICE_PORT": str(server.port)}
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "ROOT": str(self._folder / "root"),
            "MOUNTS": str(self._folder / "mounts"),
            "AS": self._user(),
            **declared,
            **there,
            **changed,
        }

    def _user(self) -> str:
        context = {**self._pod.get("securityContext", {}), **self._container.get("securityContext", {})}
        if context.get("privileged"):
            return "0:0"
        return f"{context['runAsUser']}:{context.get('runAsGroup', context['runAsUser'])}"

    def _volumes(self) -> dict[str, Path]:
        """Return the folder of each volume that is made of a ConfigMap, a Secret, a token or nothing, by its path."""
        paths = {each["name"]: each["mountPath"] for each in self._container.get("volumeMounts", [])}
        found = {}
        if self._pod.get("automountServiceAccountToken", True):
            account = self._pod["serviceAccountName"]
            namespace = self._body["metadata"]["namespace"]
            files = {"token": self._cluster.token(namespace, account), "namespace": namespace}
            found[_TOKEN_FOLDER] = self._files("account", {**files, "ca.crt": self._cluster.authority.decode()})
        for volume in self._pod.get("volumes", []):
            contents = self._contents(volume) if volume["name"] in paths else None
            if contents is not None:
                found[paths[volume["name"]]] = self._files(volume["name"], contents)
        return found

    def _contents(self, volume: Body) -> dict[str, str] | None:
        if "configMap" in volume:
            return dict(self._beside["ConfigMap", volume["configMap"]["name"]]["data"])
        if "secret" in volume:
            return dict(self._beside["Secret", volume["secret"]["secretName"]]["stringData"])
        if "emptyDir" in volume:
            return {}
        if "projected" in volume:
            (source,) = volume["projected"]["sources"]
            asked = source["serviceAccountToken"]
            account, namespace = self._pod["serviceAccountName"], self._body["metadata"]["namespace"]
            return {asked["path"]: self._cluster.token(namespace, account, asked["audience"])}
        return None

    def _files(self, name: str, files: Mapping[str, str]) -> Path:
        made = self.volume(name)
        if files:
            mount(made, files)
        else:
            made.mkdir()
            made.chmod(0o777)
        return made

    def volume(self, name: str) -> Path:
        """Return the folder of a volume, for who writes there beside the program."""
        return self._folder / f"volume-{name}"

    def lines(self) -> list[str]:
        """Return its log so far."""
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()

    def told(self) -> list[Body]:
        """Return the lines of its log that are JSON."""
        return [json.loads(line) for line in self.lines() if line.startswith("{")]

    def eventually(self, holds: Callable[[], Found | None], seconds: float = 30) -> Found:
        """Wait for something; fail with the end of the log."""

        def checked() -> Found | None:
            assert self.process.poll() is None, self._end()
            return holds()

        return eventually(checked, seconds, self._end)

    def _end(self) -> str:
        return "\n".join(["", *self.lines()[-40:]])

    def complaints(self) -> list[str]:
        """Return what it says of having been refused by Kubernetes or AWS, and of arguments it does not know."""
        words = ("forbidden", "unauthorized", "accessdenied", "unauthorizedoperation", "not authorized", "unknown flag")
        said = (line for line in self.lines() if "FLAG: --" not in line)
        return [line for line in said if any(word in line.lower() for word in words)]

    def stop(self) -> None:
        """End it, at once."""
        self.process.kill()
        self.process.wait()
