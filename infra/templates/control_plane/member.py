#!/usr/bin/env python3
"""Makes this machine the member of the control plane that it was started as."""
# The member's address and its etcd volume outlive its machines: this takes them over from the machine before, mounts
# the
# volume, fetches the CAs, and lets kubeadm write certificates and static pods. The kubelet then runs them. It runs at
# every boot, and again after whatever it failed on. Input: /etc/slipway/member.json and /etc/slipway/node.env.

import errno
import hashlib
import json
import os
import ssl
import subprocess
import time
from collections.abc import Callable
from http.client import HTTPSConnection
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError

PAUSE_SECONDS = 5
KUBERNETES = Path("/etc/kubernetes")
KUBEADM = "/usr/local/bin/kubeadm"
LEAVES = (
    "apiserver", "apiserver-etcd-client", "apiserver-kubelet-client", "front-proxy-client",
    "etcd/server", "etcd/peer", "etcd/healthcheck-client",
)  # fmt: skip
# As kubeadm's configuration has them.
STATE_NEW, STATE_EXISTING = (f"name: initial-cluster-state\n      value: {state}\n" for state in ("new", "existing"))
KUBECONFIGS = ("kubelet", "controller-manager", "scheduler")


def say(text: str) -> None:
    """Write to the journal."""
    print(f"member: {text}", flush=True)


class Member:
    """The member this machine is, and the AWS calls it makes as it."""

    def __init__(self, config: dict[str, Any], instance: str, region: str, pause: Callable[[float], None] = time.sleep):
        self.config = config
        self.instance = instance
        self.ec2 = boto3.client("ec2", region_name=region)
        self.s3 = boto3.client("s3", region_name=region)
        self.pause = pause
        self.filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in config["tags"].items()]

    def take_interface(self) -> str:
        """Attach the member's network interface, once the machine before has let go of it; return its MAC address."""
        while True:
            (found,) = self.ec2.describe_network_interfaces(Filters=self.filters)["NetworkInterfaces"]
            attachment = found.get("Attachment") or {}
            if attachment.get("InstanceId") == self.instance:
                return str(found["MacAddress"])
            if attachment.get("InstanceId"):
                self._wait(f"{found['NetworkInterfaceId']} is still at {attachment['InstanceId']}")
                continue
            self._attempt(
                self.ec2.attach_network_interface,
                NetworkInterfaceId=found["NetworkInterfaceId"],
                InstanceId=self.instance,
                DeviceIndex=1,
            )

    def take_volume(self) -> None:
        """Attach the member's volume, once the machine before has let go of it.

        etcd must never run twice on one identity, so the volume is not taken by force: a machine that hangs is for
        Auto Scaling to replace or an operator to stop.
        """
        while True:
            (found,) = self.ec2.describe_volumes(Filters=self.filters)["Volumes"]
            holders = [each["InstanceId"] for each in found["Attachments"] if each["State"] != "detached"]
            if holders == [self.instance]:
                return
            if holders:
                self._wait(f"{found['VolumeId']} is still at {holders[0]}")
                continue
            self._attempt(
                self.ec2.attach_volume,
                VolumeId=found["VolumeId"],
                InstanceId=self.instance,
                Device=self.config["device"],
            )

    def refuse_lost_data(self, data: Path, authority: bytes) -> None:
        """Stop when the member has had data and its volume holds none; write down that it has, from now on.

        etcd would come up empty under an identity that has voted, and the cluster could lose what it acknowledged. A
        cluster that was destroyed and made again has another `authority`, and so begins anew.
        """
        key = f"{self.config['marker']}-{_short(authority)}.json"
        if (data / "member").is_dir():
            self.s3.put_object(Bucket=self.config["bucket"], Key=key, Body=b"{}\n")
            return
        try:
            self.s3.head_object(Bucket=self.config["bucket"], Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
                return
            raise
        place = f"s3://{self.config['bucket']}/{key}"
        raise SystemExit(
            f"member: the etcd volume of {self.config['name']} is empty, and {place} says that it was not. "
            "docs/restore-etcd.md says how to replace a member or restore a snapshot."
        )

    def note_version(self) -> None:
        """Write down what this machine is about to run: the program judges by it what may come next."""
        noted = {"kubernetesVersion": self.config["version"], "secretsEncryption": self.config["secretsEncryption"]}
        body = json.dumps(noted).encode()
        place = {"Bucket": self.config["bucket"], "Key": self.config["running"]}
        try:
            # Of an object without a type the program's provider gives no content.
            self.s3.put_object(**place, Body=body, ContentType="application/json")
        except ClientError as error:
            # The member is as good without: the program then goes by the version that was declared last.
            say(f"cannot note the version: {error}")

    def fetch_pki(self, folder: Path) -> None:
        """Write the CAs and keys that all members share."""
        prefix = self.config["pki"]
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.config["bucket"], Prefix=prefix)
        for page in pages:
            for item in page.get("Contents", []):
                body = self.s3.get_object(Bucket=self.config["bucket"], Key=item["Key"])["Body"].read()
                write(folder / item["Key"][len(prefix) :], body)

    def running(self, pki: Path) -> "list[dict[str, Any]] | None":
        """Return etcd's members as the first of the others tells them that answers; None when none does."""
        context = ssl.create_default_context(cafile=str(pki / "etcd/ca.crt"))
        context.load_cert_chain(pki / "etcd/peer.crt", pki / "etcd/peer.key")
        for url in dict(each.split("=", 1) for each in self.config["initialCluster"].split(",")).values():
            if url == self.config["peerUrl"]:
                continue
            where = urlsplit(url)
            # Peers look the sender's address up in its certificate.
            asked = HTTPSConnection(
                str(where.hostname), where.port, timeout=3, context=context, source_address=(self.config["address"], 0)
            )
            try:
                asked.request("GET", "/members")
                answer = asked.getresponse()
                if answer.status == 200:
                    return list(json.loads(answer.read()))
            except OSError as error:
                # Not that nobody answers: this machine does not have the member's address yet.
                if error.errno == errno.EADDRNOTAVAIL:
                    raise
                say(f"{url} tells no members: {error}")
            finally:
                asked.close()
        return None

    def others_had_data(self, authority: bytes) -> bool:
        """Return whether the bucket says that another member of this cluster has had data."""
        folder, _, own = self.config["marker"].rpartition("/")
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.config["bucket"], Prefix=f"{folder}/")
        names = [item["Key"].rpartition("/")[2] for page in pages for item in page.get("Contents", [])]
        end = f"-{_short(authority)}.json"
        return any(name.endswith(end) and name != f"{own}{end}" for name in names)

    def beginning(self, pki: Path) -> "dict[str, str]":
        """Return what is to be replaced in kubeadm's configuration so that an empty member begins as what it is.

        Two new members beside one that runs would have a majority of their own, elect a leader and serve an empty
        cluster under the same name. So one that the running members do not know waits until they are told of it.
        """
        listed = self.running(pki)
        if listed is None:
            if self.others_had_data((pki / "etcd/ca.crt").read_bytes()):
                raise SystemExit("member: other members have had data, and none of them answers: waiting for one")
            return {}
        own = [each for each in listed if self.config["peerUrl"] in each["peerURLs"]]
        name = self.config["name"]
        if not own:
            raise SystemExit(
                f"member: etcd runs and does not know {name}. docs/restore-etcd.md says how to add it: "
                f"etcdctl member add {name} --learner --peer-urls={self.config['peerUrl']}"
            )
        # One of the members with which the cluster began has its name there before it ever ran.
        if own[0].get("name"):
            return {}
        # etcd compares what it is told with what runs, by number and by address.
        known = [f"{name if each in own else each.get('name') or each['id']}={each['peerURLs'][0]}" for each in listed]
        return {self.config["initialCluster"]: ",".join(known), STATE_NEW: STATE_EXISTING}

    def _attempt(self, call: Callable[..., Any], **arguments: Any) -> None:
        try:
            call(**arguments)
        except ClientError as error:
            self._wait(str(error))
        else:
            self.pause(1)

    def _wait(self, why: str) -> None:
        say(f"{why}; looking again in {PAUSE_SECONDS} s")
        self.pause(PAUSE_SECONDS)


def _short(authority: bytes) -> str:
    return hashlib.sha256(authority).hexdigest()[:12]


def write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.touch(mode=mode)
    new.chmod(mode)
    new.write_bytes(content)
    new.replace(path)


def network_unit(mac: str, config: dict[str, Any]) -> str:
    """Return the networkd unit of the member's address: what comes to it goes out by it, and all else as before."""
    # EC2 drops what leaves an interface under another's address. So the main table learns nothing of this interface,
    # not even its subnet, which is that of the machine's own; what has the member's address has a table of its own.
    # Answers of the API to pods are no business of the VPC's, which knows no pod: they go where the pod network leads.
    address, subnet = config["address"], ip_network(f"{config['address']}/{config['prefixLength']}", strict=False)
    sections = [
        ("Match", [f"MACAddress={mac}"]),
        ("Link", ["RequiredForOnline=no"]),
        ("Address", [f"Address={address}/{config['prefixLength']}", "AddPrefixRoute=no"]),
        ("Route", [f"Destination={subnet}", "Scope=link", f"PreferredSource={address}", "Table=101"]),
        ("Route", [f"Gateway={config['gateway']}", "GatewayOnLink=yes", f"PreferredSource={address}", "Table=101"]),
        ("RoutingPolicyRule", [f"From={address}", "Table=101", "Priority=1101"]),
    ]
    if config["pods"]:
        sections.append(("RoutingPolicyRule", [f"To={config['pods']}", "Table=main", "Priority=1100"]))
    return "\n".join(f"[{name}]\n" + "".join(f"{line}\n" for line in lines) for name, lines in sections)


def run(*command: str) -> None:
    """Run a command; its failure is this unit's."""
    say(" ".join(command))
    subprocess.run(command, check=True)


def write_certificates(config_file: str) -> None:
    """Let kubeadm sign all certificates anew.

    kubeadm refuses what an earlier boot left where names or CAs have changed since, or the power was lost in writing.
    """
    pki = KUBERNETES / "pki"
    leaves = (pki / f"{leaf}{kind}" for leaf in LEAVES for kind in (".crt", ".key"))
    for old in leaves:
        old.unlink(missing_ok=True)
    run(KUBEADM, "init", "phase", "certs", "all", "--config", config_file)


def write_control_plane(config_file: str) -> None:
    """Let kubeadm write kubeconfigs and static pods, with the certificates that there are."""
    for name in KUBECONFIGS:
        (KUBERNETES / f"{name}.conf").unlink(missing_ok=True)
    kubeconfigs = (("kubeconfig", name) for name in KUBECONFIGS)
    for phase in (*kubeconfigs, ("etcd", "local"), ("control-plane", "all")):
        run(KUBEADM, "init", "phase", *phase, "--config", config_file)


def main() -> None:
    """Take over, mount, fetch, write, and let the kubelet begin."""
    config = json.loads(Path("/etc/slipway/member.json").read_text())
    node = dict(line.split("=", 1) for line in Path("/run/slipway/machine.env").read_text().split())["NODE_NAME"]
    member = Member(config, node, os.environ["STATE_REGION"])
    mac = member.take_interface()
    write(Path("/etc/systemd/network/05-slipway-member.network"), network_unit(mac, config).encode(), 0o644)
    run("networkctl", "reload")
    member.take_volume()
    run("/usr/local/lib/slipway/mount-volumes.sh")
    member.fetch_pki(KUBERNETES / "pki")
    member.refuse_lost_data(Path(config["data"]), (KUBERNETES / "pki/etcd/ca.crt").read_bytes())
    run("/usr/local/lib/slipway/install-kubelet.sh", "kubeadm")
    document = Path(config["kubeadm"]).read_text().replace("@NODE_NAME@", node)
    write(Path("/run/slipway/kubeadm.yaml"), document.encode())
    write_certificates("/run/slipway/kubeadm.yaml")
    if not (Path(config["data"]) / "member").is_dir():
        for old, new in member.beginning(KUBERNETES / "pki").items():
            document = document.replace(old, new)
        write(Path("/run/slipway/kubeadm.yaml"), document.encode())
    write_control_plane("/run/slipway/kubeadm.yaml")
    member.note_version()
    # Last, since it starts the kubelet, which renews its certificate by itself and keeps it beside this file.
    write(Path("/var/lib/kubelet/kubeconfig"), (KUBERNETES / "kubelet.conf").read_bytes())


if __name__ == "__main__":
    main()
