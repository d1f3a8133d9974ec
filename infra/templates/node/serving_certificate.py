#!/usr/bin/env python3
"""Gets this machine's kubelet a serving certificate for its private name and address alone."""
# For machines with public addresses, by slipway-serving.timer. A kubelet that asks by itself asks for every address of
# its Node. For the public ones an approver cannot tell whose they are: the public name does not begin with the Node's,
# and within the VPC it resolves to the private address. So such a kubelet does not ask (serverTLSBootstrap is false),
# and begins with a certificate that it signed itself. This asks for one in its name, and puts it into the same files,
# which the kubelet watches (its feature ReloadKubeletServerCertificateFile, on since 1.31). The API server speaks to
# kubelets by their private addresses. Input: NODE_NAME and NODE_IP of machine.env, INTERNAL_DOMAIN. 3.10 must do.

import base64
import json
import os
import re
import ssl
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

RENEW_BELOW_SECONDS = 90 * 86400
WAIT_SECONDS = 300
REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"


class Kubelet:
    """The kubelet whose files lie under `root`, and the API as it speaks to it."""

    def __init__(self, root: Path = Path("/")):
        self.authority = root / "etc/kubernetes/pki/ca.crt"
        self.kubeconfig = root / "var/lib/kubelet/kubeconfig"
        self.folder = root / "var/lib/kubelet/pki"
        self.certificate, self.key = self.folder / "kubelet.crt", self.folder / "kubelet.key"

    def is_due(self) -> bool:
        """Return whether the certificate is missing, ends soon, or is not of an authority that the machine trusts."""
        if not self.certificate.exists():
            return True
        trusted = succeeds("openssl", "verify", "-CAfile", str(self.authority), str(self.certificate))
        lasts = ("openssl", "x509", "-noout", "-checkend", str(RENEW_BELOW_SECONDS), "-in", str(self.certificate))
        return not (trusted and succeeds(*lasts))

    def call(self, method: str, path: str, body: "dict[str, Any] | None" = None) -> "dict[str, Any]":
        """Ask the API server as the node that the kubelet is."""
        text = self.kubeconfig.read_text()
        context = ssl.create_default_context(cafile=str(self.authority))
        self._identify(context, text)
        (server,) = re.findall(r"^\s*server: (\S+)$", text, re.MULTILINE)
        asked = urllib.request.Request(  # noqa: S310 (https, by the kubelet's own kubeconfig)
            server + path,
            json.dumps(body).encode() if body else None,
            {"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(asked, timeout=10, context=context) as answer:  # noqa: S310
            return dict(json.load(answer))

    def _identify(self, context: ssl.SSLContext, kubeconfig: str) -> None:
        current = self.folder / "kubelet-client-current.pem"
        if current.exists():
            context.load_cert_chain(current)
            return
        # A member of the control plane signed its kubelet's first certificate itself, and it is in the kubeconfig.
        data = dict(re.findall(r"^\s*client-(certificate|key)-data: (\S+)$", kubeconfig, re.MULTILINE))
        with tempfile.NamedTemporaryFile(dir=self.folder) as both:
            both.write(base64.b64decode(data["certificate"]) + b"\n" + base64.b64decode(data["key"]))
            both.flush()
            context.load_cert_chain(both.name)

    def ask(self, node: str, names: str) -> None:
        """Ask for a certificate, wait until it is granted, and put it where the kubelet reads it."""
        with tempfile.TemporaryDirectory(dir=self.folder) as apart:
            key, request = Path(apart) / "key", Path(apart) / "request"
            subprocess.run(
                [
                    "openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", f"/O=system:nodes/CN=system:node:{node}", "-addext", f"subjectAltName={names}",
                    "-keyout", str(key), "-out", str(request),
                ],
                check=True,
            )  # fmt: skip
            granted = self._granted(base64.b64encode(request.read_bytes()).decode())
            (Path(apart) / "certificate").write_bytes(granted)
            key.chmod(0o600)
            # The kubelet takes neither file until the two fit together.
            key.replace(self.key)
            (Path(apart) / "certificate").replace(self.certificate)

    def _granted(self, request: str) -> bytes:
        spec = {
            "request": request,
            "signerName": "kubernetes.io/kubelet-serving",
            "usages": ["digital signature", "server auth"],
        }
        body = {
            "apiVersion": "certificates.k8s.io/v1",
            "kind": "CertificateSigningRequest",
            "metadata": {"generateName": "slipway-serving-"},
            "spec": spec,
        }
        name = self.call("POST", REQUESTS, body)["metadata"]["name"]
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            status = self.call("GET", f"{REQUESTS}/{name}").get("status", {})
            if "certificate" in status:
                print(f"serving-certificate: {name} is granted", flush=True)
                return base64.b64decode(status["certificate"])
            for condition in status.get("conditions", []):
                if condition["type"] in ("Denied", "Failed"):
                    raise SystemExit(f"serving-certificate: {name} is {condition['type']}: {condition.get('message')}")
            time.sleep(2)
        raise SystemExit(f"serving-certificate: nobody has granted {name} in {WAIT_SECONDS} s")


def succeeds(*command: str) -> bool:
    """Return whether a command's exit status is 0."""
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0


def main(root: Path = Path("/")) -> None:
    """Get a certificate where one is due."""
    kubelet = Kubelet(root)
    # The kubelet makes the folder with the certificate that it signs itself, once it has joined.
    if not kubelet.kubeconfig.exists() or not kubelet.certificate.exists():
        raise SystemExit("serving-certificate: the kubelet has not joined yet")
    if kubelet.is_due():
        node = os.environ["NODE_NAME"]
        kubelet.ask(node, f"DNS:{node}.{os.environ['INTERNAL_DOMAIN']},IP:{os.environ['NODE_IP']}")


if __name__ == "__main__":
    main()
