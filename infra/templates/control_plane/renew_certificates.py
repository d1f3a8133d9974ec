#!/usr/bin/env python3
"""Renews the certificates of this member of the control plane before they end, without a boot."""
# Once a day, by slipway-certificates.timer: what has less than 90 of its 365 days left is signed anew by kubeadm, from
# the CAs that the member fetched when it booted. etcd and the API server read their certificates from the disk at each
# handshake, so neither is restarted and no quorum is at stake; that they show the new ones is looked at, not believed.
# The controller manager and the scheduler read their kubeconfigs once: one that is older than its own is stopped, the
# kubelet starts it again, and another member leads meanwhile. 3.10 must do.

import json
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

RENEW_BELOW = timedelta(days=90)
KUBEADM = ("/usr/local/bin/kubeadm",)
CONFIG = Path("/run/slipway/kubeadm.yaml")
KUBERNETES = Path("/etc/kubernetes")
MEMBER = Path("/etc/slipway/member.json")
METRICS = Path("/var/lib/slipway/metrics")
CTR = ("ctr", "--namespace", "k8s.io")

SERVED = {"apiserver.crt": 443, "etcd/server.crt": 2379, "etcd/peer.crt": 2380}
READ_ONCE = {
    "controller-manager.conf": ("kube-controller-manager", "https://127.0.0.1:10257/healthz"),
    "scheduler.conf": ("kube-scheduler", "https://127.0.0.1:10259/readyz"),
}

SECONDS = 180
"""The API server looks at its certificate each minute; a container that is stopped is started within seconds."""


def say(text: str) -> None:
    """Write to the journal."""
    print(f"certificates: {text}", flush=True)


def kubeadm(*arguments: str) -> str:
    """Run kubeadm on the member's configuration and return what it printed."""
    command = (*KUBEADM, "certs", *arguments, "--config", str(CONFIG))
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def left() -> "dict[str, timedelta]":
    """Return how long each certificate of the member still lasts, by kubeadm's name for it."""
    found = json.loads(kubeadm("check-expiration", "--output=json"))["certificates"]
    # Missing are those of administrators, whom a member has none of.
    return {each["name"]: timedelta(seconds=each["residualTime"]) for each in found if not each["missing"]}


def due(lasting: "dict[str, timedelta]") -> "list[str]":
    """Return which certificates are to be renewed."""
    return sorted(name for name, rest in lasting.items() if rest < RENEW_BELOW)


def tell(lasting: "dict[str, timedelta]", now: datetime) -> None:
    """Write when each certificate ends, and that all are used, to where the exporter of metrics reads it."""
    METRICS.mkdir(parents=True, exist_ok=True)
    ends, checked = "slipway_certificate_not_after_timestamp_seconds", "slipway_certificates_checked_timestamp_seconds"
    lines = sorted(f'{ends}{{name="{each}"}} {(now + rest).timestamp():.0f}' for each, rest in lasting.items())
    text = [f"# TYPE {ends} gauge", *lines, f"# TYPE {checked} gauge", f"{checked} {now.timestamp():.0f}"]
    # Whole or not at all.
    draft = METRICS / "certificates.draft"
    draft.write_text("".join(f"{line}\n" for line in text))
    draft.chmod(0o644)
    draft.rename(METRICS / "certificates.prom")


def shows(address: str, port: int, file: Path) -> bool:
    """Return whether who listens there shows the certificate that is in the file."""
    try:
        shown = ssl.get_server_certificate((address, port), timeout=10)
    except OSError:
        return False
    return ssl.PEM_cert_to_DER_cert(shown) == ssl.PEM_cert_to_DER_cert(file.read_text().strip())


def containers(name: str) -> "dict[str, float]":
    """Return the containers of a static pod that run, each with the time at which it was made."""
    listed = _output(*CTR, "containers", "list", "--quiet", f'labels."io.kubernetes.container.name"=={name}')
    running = {line.split()[0] for line in _output(*CTR, "tasks", "list").splitlines() if line.endswith("RUNNING")}
    made = {}
    for each in running.intersection(listed.split()):
        whole, _, part = json.loads(_output(*CTR, "containers", "info", each))["CreatedAt"].rstrip("Z").partition(".")
        made[each] = datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{part or 0}")
    return made


def healthy(url: str) -> bool:
    """Return whether a component of this machine is well. It signed its own certificate, as for the kubelet's probe."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with urllib.request.urlopen(url, timeout=10, context=context) as answer:  # noqa: S310 (constant, https)
            return bool(answer.status == 200)
    except OSError:
        return False


def restart(name: str, url: str, file: Path) -> None:
    """Stop a component that is older than its kubeconfig, as the kubelet would, and wait until another is well."""
    changed = file.stat().st_mtime
    old = [each for each, made in containers(name).items() if made < changed]
    for each in old:
        _output(*CTR, "tasks", "kill", "--signal", "SIGTERM", each)
        say(f"stopped {name}, which is older than {file}")
    if old:

        def well() -> bool:
            found = containers(name)
            return bool(found) and not set(old) & set(found) and healthy(url)

        wait(f"{name} runs with the new {file.name}", well)


def wait(what: str, holds: Callable[[], bool]) -> None:
    """Wait until something holds. When it does not, that is this unit's failure, and an alert follows."""
    end = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"certificates: after {SECONDS} s it does not hold that {what}. Roll this member.")
        time.sleep(1)
    say(what)


def renew(names: Iterable[str]) -> None:
    """Sign certificates anew, with the names that they have."""
    for name in names:
        kubeadm("renew", name)
        say(f"renewed {name}")


def use(address: str) -> None:
    """See that each certificate that is on the disk is the one in use, those of a run that failed before too."""
    for file, port in SERVED.items():
        wait(f"port {port} shows {file}", partial(shows, address, port, KUBERNETES / "pki" / file))
    for file, (name, url) in READ_ONCE.items():
        restart(name, url, KUBERNETES / file)


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    """Renew what is due, see that all is used, and say how long it lasts."""
    member: dict[str, Any] = json.loads(MEMBER.read_text())
    renew(due(left()))
    use(member["address"])
    tell(left(), datetime.now().astimezone())


if __name__ == "__main__":
    main()
