"""The real OpenSearch with what the plan gives its pods: configuration, certificates, environment, mounts, set-up job.

Pods are stood in for by processes of user 1000 in roots of their own, all in one network namespace, so that the
store's own names and ports are theirs. Two settings differ from the plan's: each member has an address of its own in
127.0.0.0/8 for `network.host`, and a heap of 512 MiB.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.plan.observability import credentials
from infra.plan.observability.fluent_bit import STORE_HOST, STORE_PORT
from infra.plan.observability.open_search import plan_open_search, setup_files
from infra.spec import EnvironmentSpec
from rehearsal.providers.base.local import LocalKind
from rehearsal.providers.tls.kinds import CertRequest, LocallySignedCert, PrivateKey, SelfSignedCert
from rehearsal.toolchain.maven import OpenSearch

POD = Path(__file__).parent / "programs" / "pod.sh"
HOME = "/usr/share/opensearch"
USER = 1000
START_SECONDS = 600
PASSWORDS = {name: f"{name}-0123456789abcdefghijkl" for name in ("admin", "reader", "shipper", "dashboards")}


@dataclass
class Answer:
    """What a request to the store got."""

    status: int
    body: Any


@dataclass
class Network:
    """A network namespace in which the store's names are known."""

    folder: Path
    members: int
    _holder: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list, init=False)

    def __enter__(self) -> Network:
        """Make the namespace."""
        addresses = [f"127.0.0.{number + 1}" for number in range(self.members)]
        names = [f"{address} opensearch-members {STORE_HOST} opensearch-{n}" for n, address in enumerate(addresses)]
        self.folder.mkdir(parents=True, exist_ok=True)
        self.hosts.write_text("\n".join(["127.0.0.1 localhost", *names, ""]))
        self._holder = subprocess.Popen(
            ["unshare", "--net", "bash", "-c", "ip link set lo up && echo up && exec sleep infinity"],
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"up\n"
        return self

    def __exit__(self, *_: object) -> None:
        """End all that runs in it."""
        for process in [*reversed(self._running), self._holder]:
            if process is not None and process.poll() is None:
                # A pod's first process changes its user, which takes its parent's death from it: it is ended by name.
                for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
                    os.kill(int(child), signal.SIGKILL)
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        if self._holder is not None and self._holder.stdout is not None:
            self._holder.stdout.close()

    @property
    def hosts(self) -> Path:
        """Where the names are."""
        return self.folder / "hosts"

    def inside(self, *command: str | Path) -> list[str]:
        """Return a command that runs in the namespace."""
        assert self._holder is not None
        return ["nsenter", "--net", f"--target={self._holder.pid}", *map(str, command)]

    def pod(self, name: str, mounts: Sequence[str], *command: str, share: Path | None = None) -> list[str]:
        """Return a command that runs as a pod with these mounts, each ``source:target[:ro]``."""
        del share
        root = self.folder / "roots" / name
        root.mkdir(parents=True, exist_ok=True)
        isolate = ["unshare", "--mount", "--pid", "--uts", "--fork", "--kill-child=SIGTERM"]
        named = ["bash", "-c", 'hostname "$1" && shift && exec bash "$@"', "pod", name]
        return self.inside(*isolate, *named, POD, root, self.hosts, *mounts, "--", *command)

    def start(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
        """Start a command that ends with the namespace."""
        with log.open("ab") as output:
            process = subprocess.Popen(command, env=dict(environment), stdout=output, stderr=subprocess.STDOUT)
        self._running.append(process)
        return process


class LogStore:
    """The members of a store, and what is asked of them."""

    def __init__(self, spec: EnvironmentSpec, server: OpenSearch, network: Network) -> None:
        """Write everything that the pods mount."""
        self.spec = spec
        self.server = server
        self.network = network
        self._folder = network.folder
        self._plan = plan_open_search(spec)
        write_certificates(self._folder / "secrets")
        for path, text in setup_files(spec).items():
            put(self._folder / "setup" / path, text)

    @property
    def files(self) -> Path:
        """What the set-up job mounts."""
        return self._folder / "setup"

    def object(self, kind: str, name: str) -> Any:
        """Return an object of the plan."""
        (found,) = (each.body for each in self._plan.objects if (each.kind, each.name) == (kind, name))
        return found

    def start_member(self, number: int, settings: Mapping[str, str] | None = None) -> tuple[Any, Path]:
        """Start a member as its pod would be; return the process and its log."""
        name = f"opensearch-{number}"
        folder = self._folder / name
        shutil.copytree(self.server.home / "config", folder / "config", dirs_exist_ok=True)
        for each in ("data", "logs"):
            (folder / each).mkdir(parents=True, exist_ok=True)
        put(folder / "opensearch.yml", self.object("ConfigMap", "opensearch")["data"]["opensearch.yml"])
        owned(folder)
        mounts = [
            f"{self.server.home}:{HOME}:ro",
            *(f"{folder / each}:{HOME}/{each}" for each in ("config", "data", "logs")),
            f"{folder / 'opensearch.yml'}:{HOME}/config/opensearch.yml:ro",
            f"{self._folder / 'secrets' / 'members'}:{HOME}/config/certificates:ro",
        ]
        told = self.environment("StatefulSet", "opensearch", {"metadata.name": name})
        told |= {"OPENSEARCH_JAVA_OPTS": "-Xms512m -Xmx512m", "network.host": f"127.0.0.{number + 1}"}
        log = self._folder / f"{name}.log"
        command = self.network.pod(name, mounts, f"{HOME}/bin/opensearch")
        return self.network.start(command, {**self._java(), **told, **(settings or {})}, log), log

    def await_members(self, started: Sequence[tuple[Any, Path]]) -> None:
        """Wait until every member serves."""
        end = time.monotonic() + START_SECONDS
        for process, log in started:
            while "] started" not in (told := log.read_text(errors="replace")):
                assert process.poll() is None, told[-6000:]
                assert time.monotonic() < end, told[-6000:]
                time.sleep(0.5)

    def set_up(self) -> subprocess.CompletedProcess[str]:
        """Run the job's own command with its own environment and mounts."""
        container = self.object("Job", self._job())["spec"]["template"]["spec"]["containers"][0]
        mounts = [
            f"{self.server.home}:{HOME}:ro",
            f"{self.files}:/setup:ro",
            f"{self._folder / 'secrets' / 'admin'}:/certificates:ro",
        ]
        command = self.network.pod("setup", mounts, *container["command"])
        told = self.environment("Job", self._job(), {})
        return subprocess.run(
            command, env={**self._java(), **told}, capture_output=True, text=True, timeout=300, check=False
        )

    def environment(self, kind: str, name: str, fields: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of the first container of a workload."""
        (container, *_) = self.object(kind, name)["spec"]["template"]["spec"]["containers"]
        told = {}
        for each in container.get("env", []):
            source = each.get("valueFrom", {})
            if "value" in each:
                told[each["name"]] = each["value"]
            elif "fieldRef" in source:
                told[each["name"]] = fields[source["fieldRef"]["fieldPath"]]
            else:
                told[each["name"]] = PASSWORDS[
                    source["secretKeyRef"]["key"].removesuffix("password").strip("-")
                    or source["secretKeyRef"]["name"].removeprefix("opensearch-")
                ]
        return told

    def ask(
        self, method: str, path: str, body: Any = None, *, user: str | None = "admin", password: str = ""
    ) -> Answer:
        """Ask the first member by the store's name; ``user`` None shows neither password nor certificate."""
        ca = self._folder / "secrets" / "admin" / "ca.crt"
        arguments: list[str | Path] = ["curl", "--silent", "--show-error", "--max-time", "60", "--cacert", ca]
        arguments += [
            "--request",
            method,
            "--resolve",
            f"{STORE_HOST}:{STORE_PORT}:127.0.0.1",
            "--write-out",
            "\n%{http_code}",
        ]
        if user is not None:
            arguments += ["--user", f"{user}:{password or PASSWORDS[{'fluent-bit': 'shipper'}.get(user, user)]}"]
        kind = "application/x-ndjson" if isinstance(body, str) else "application/json"
        if body is not None:
            arguments += ["--header", f"Content-Type: {kind}", "--data-binary", "@-"]
        text = body if isinstance(body, str) else json.dumps(body)
        url = f"https://{STORE_HOST}:{STORE_PORT}/{path}"
        done = subprocess.run(
            self.network.inside(*arguments, url), input=text, capture_output=True, text=True, timeout=90, check=False
        )
        assert done.returncode == 0, done.stderr
        told, _, status = done.stdout.rpartition("\n")
        try:
            return Answer(int(status), json.loads(told))
        except ValueError:
            return Answer(int(status), told)

    def _job(self) -> str:
        (name,) = (each.name for each in self._plan.objects if each.kind == "Job")
        return name

    def _java(self) -> dict[str, str]:
        return {"JAVA_HOME": str(self.server.java_home), "PATH": "/usr/sbin:/usr/bin", "LANG": "C.UTF-8"}


def put(path: Path, text: str) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def owned(folder: Path) -> None:
    """Give a folder and all below to the pods' user."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, USER, USER)


def write_certificates(folder: Path) -> None:
    """Write what the component makes of the plan: an authority, and a certificate and its key for each name."""
    authority_key = _key()
    authority = _made(
        SelfSignedCert(),
        privateKeyPem=authority_key["privateKeyPem"],
        subject={"commonName": "log-store"},
        validityPeriodHours=credentials.CA_HOURS,
        isCaCertificate=True,
        setSubjectKeyId=True,
        allowedUses=["cert_signing", "digital_signature"],
    )
    for plan in credentials.CERTIFICATES:
        key = _key()
        names = {"dnsNames": list(plan.dns_names)} if plan.dns_names else {}
        subject = {"commonName": plan.common_name}
        request = _made(CertRequest(), privateKeyPem=key["privateKeyPem"], subject=subject, **names)
        certificate = _made(
            LocallySignedCert(),
            certRequestPem=request["certRequestPem"],
            caPrivateKeyPem=authority_key["privateKeyPem"],
            caCertPem=authority["certPem"],
            validityPeriodHours=credentials.CERTIFICATE_HOURS,
            allowedUses=list(plan.uses),
        )
        put(folder / plan.name / "ca.crt", authority["certPem"])
        put(folder / plan.name / "tls.crt", certificate["certPem"])
        put(folder / plan.name / "tls.key", key["privateKeyPemPkcs8"])
    for path in folder.rglob("*"):
        os.chown(path, 0, USER)
        path.chmod(0o750 if path.is_dir() else 0o440)


def _key() -> Any:
    return _made(PrivateKey(), algorithm="ECDSA", ecdsaCurve="P256")


def _made(kind: LocalKind, **inputs: Any) -> Any:
    return kind.make({**kind.defaults, **inputs}, datetime.now(UTC))[1]
