#!/usr/bin/env python3
"""Fetches from the state bucket what this machine runs, and what joins it to its cluster."""
# `fetch_config.py files`, once, before anything else: programs that would not fit into user-data. `fetch_config.py
# join`,
# at every boot of a worker: the cluster's CA, and a token to ask for an identity with. Input, from node.env:
# STATE_BUCKET,
# STATE_REGION, STATE_PREFIX (all that this group may read), FILES_SHA256, KUBELET_VERSION. 3.10 must do.

import hashlib
import json
import ssl
import sys
import urllib.request
from pathlib import Path
from typing import Any

import boto3


class Machine:
    """The machine whose files lie under `root`."""

    def __init__(self, root: Path = Path("/")):
        self.root = root
        lines = (root / "etc/slipway/node.env").read_text().splitlines()
        self.settings = dict(line.split("=", 1) for line in lines)

    def fetch(self, name: str) -> bytes:
        """Return an object of the group's own prefix."""
        client = boto3.client("s3", region_name=self.settings["STATE_REGION"])
        key = self.settings["STATE_PREFIX"] + name
        return bytes(client.get_object(Bucket=self.settings["STATE_BUCKET"], Key=key)["Body"].read())

    def put(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file as a whole or not at all."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_name(target.name + ".new")
        new.touch(mode=mode)
        new.chmod(mode)
        new.write_text(text)
        new.replace(target)

    def place_files(self) -> None:
        """Write the group's files, once they are those that the user-data speak of."""
        expected = self.settings["FILES_SHA256"]
        document = self.fetch(f"files-{expected}.json")
        if hashlib.sha256(document).hexdigest() != expected:
            raise SystemExit(f"files-{expected}.json does not have the sha256 of its name")
        names = json.loads(self.fetch("join.json"))["names"]
        for file in json.loads(document)["files"]:
            text = file["content"]
            for word, value in names.items():
                text = text.replace(word, value)
            self.put(file["path"].lstrip("/"), text, int(file["mode"], 8))

    def join(self) -> None:
        """Write what the kubelet needs to ask for its identity; the bootstrap kubeconfig last, since it starts it."""
        document = json.loads(self.fetch("join.json"))
        self.put("etc/kubernetes/pki/ca.crt", document["certificateAuthority"])
        if (self.root / "var/lib/kubelet/kubeconfig").exists():
            return
        # A kubelet must not be newer than the API server (Kubernetes documentation, "Version Skew Policy"): in the
        # middle of an upgrade a new machine takes the version that the control plane has so far.
        wanted, served = self.settings["KUBELET_VERSION"], api_version(document)
        self.put("run/slipway/kubelet.env", f"KUBELET_VERSION={min(wanted, served, key=numbers)}\n")
        self.put("var/lib/kubelet/bootstrap-kubeconfig", json.dumps(document["kubeconfig"]), 0o600)


def api_version(document: dict[str, Any]) -> str:
    """Return the version of the API server that answers, as v1.37.2."""
    context = ssl.create_default_context(cadata=document["certificateAuthority"])
    # Anybody may ask for the version, but whoever shows a token must show one that is known. In a new cluster it is not
    # at first, and a kubelet that is refused waits up to a minute before it asks again.
    token = document["kubeconfig"]["users"][0]["user"]["token"]
    asked = urllib.request.Request(document["server"] + "/version", headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=10, context=context) as answer:  # noqa: S310
            return str(json.load(answer)["gitVersion"])
    except OSError as error:
        raise SystemExit(f"{document['server']} does not answer yet: {error}") from None


def numbers(version: str) -> tuple[int, ...]:
    """Return a version's three numbers."""
    return tuple(int(part) for part in version[1:].split("-")[0].split("+")[0].split("."))


if __name__ == "__main__":
    if sys.argv[1] == "join":
        Machine().join()
    else:
        Machine().place_files()
