"""What surrounds machines, put together: metadata, endpoints, names, time, load balancers, dead machines' ends."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final

import urllib3

from rehearsal.machines import front, metadata, namespaces, resolver, timeserver
from rehearsal.machines.administrator import kubeconfig
from rehearsal.machines.authority import Authority
from rehearsal.machines.balancers import BalancerView, Described, Listener, Target
from rehearsal.machines.controller import Controller
from rehearsal.machines.facts import Account, Instance
from rehearsal.machines.log import tell
from rehearsal.machines.network import FRONT_ADDRESS, Network
from rehearsal.machines.node_controller import NodeController
from rehearsal.machines.proxy import Proxy
from rehearsal.machines.settings import Settings
from rehearsal.moto import HEALTH_PATH
from rehearsal.ports import remembered_ports
from rehearsal.processes import write_private

_CREDENTIALS_SECONDS: Final = 3600
_RENEW_BEFORE_SECONDS: Final = 300


class Surroundings:
    """The stand-ins around the machines of one environment."""

    def __init__(self, settings: Settings, network: Network) -> None:
        self._settings = settings
        self._network = network
        self.authority = Authority(settings.folder / "authority")
        self.account = Account(self._client("ec2"), self._client("iam"))
        self._scaling = self._client("autoscaling")
        self._sts = self._client("sts")
        self._view = BalancerView(self._client("elbv2"), self._client("ec2"))
        self._proxy = Proxy(network.namespace, self.authority.any_name)
        self._described = Described()
        self._credentials: dict[str, tuple[float, dict[str, Any]]] = {}
        self._nodes = NodeController(settings, self._client("ec2"))
        self._published: set[tuple[str, int]] = set()
        self._answers = False
        self._told: list[dict[str, Any]] | None = None
        self._began: dict[str, float] = {}

    def serve(self, controller: Controller) -> None:
        """Start all servers; they end with the process."""
        settings, namespace = self._settings, self._network.namespace
        service = metadata.Metadata(
            controller.by_address,
            self._user_data,
            self._credentials_of,
            settings.account,
        )
        front.serve_metadata(namespaces.listener(namespace, metadata.ADDRESS, 80), service)
        front.serve_endpoints(
            namespaces.listener(namespace, str(FRONT_ADDRESS), 443),
            self.authority.context(front.endpoint_names(settings.region)),
            ("127.0.0.1", settings.endpoint_port),
            front.Downloads(
                settings.kubernetes_version, "amd64", {name: Path(path) for name, path in settings.downloads.items()}
            ),
        )
        resolver.serve(namespaces.listener(namespace, resolver.ADDRESS, 53, socket.SOCK_DGRAM), self._find)
        timeserver.serve(namespaces.listener(namespace, timeserver.ADDRESS, timeserver.PORT, socket.SOCK_DGRAM))
        tell(f"serves namespace {namespace}")

    def refresh(self, controller: Controller) -> None:
        """Look at load balancers, at machines that died, and at the cluster's nodes."""
        addresses = {name: str(each.primary.address) for name, each in controller.instances.items()}
        for instance in controller.instances.values():
            addresses |= {str(each.address): str(each.address) for each in instance.interfaces}
        self._described = self._view.read(addresses)
        for address in (*self._described.names.values(), *self._described.inside):
            self._network.add_balancer(address)
        self._report(self._proxy.update(self._described.listeners))
        self._publish()
        for name in sorted(controller.dead):
            # An instance whose status checks fail: Auto Scaling terminates it and launches another.
            tell(f"{name}: its machine died; Auto Scaling replaces it")
            self._scaling.terminate_instance_in_auto_scaling_group(
                InstanceId=name, ShouldDecrementDesiredCapacity=False
            )
            controller.dead.discard(name)
        self._write_kubeconfig()
        self._nodes.look(controller.instances, self._began)

    def _write_kubeconfig(self) -> None:
        target = Path(self._settings.kubeconfig)
        if target.exists() or not self._answers:
            return
        bucket, prefix = self._settings.state_bucket, self._settings.pki_prefix
        get = self._client("s3").get_object
        authority, key = (get(Bucket=bucket, Key=f"{prefix}{name}")["Body"].read() for name in ("ca.crt", "ca.key"))
        server = f"https://127.0.0.1:{self._settings.api_loopback_port}"
        write_private(target, kubeconfig(self._settings.cluster, server, authority, key))
        tell(f"wrote {target}")

    def _report(self, health: Mapping[tuple[str, Target], bool]) -> None:
        told = [
            {"group": group, "target": target.identity, "healthy": healthy}
            for (group, target), healthy in health.items()
        ]
        if told != self._told:
            url = f"http://127.0.0.1:{self._settings.endpoint_port}{HEALTH_PATH}"
            urllib3.request("POST", url, json=told, retries=False)
            self._told = told

    def _publish(self) -> None:
        api = self._settings.api_balancer
        listeners = self._described.listeners
        groups = {each.group for each in listeners if each.balancer == api}
        self._answers = any(each["healthy"] for each in self._told or () if each["group"] in groups)
        for listener in listeners:
            if listener.key in self._published:
                continue
            own = listener.balancer == api
            port = self._settings.api_loopback_port if own else self._loopback_port(listener)
            self._proxy.publish(port, listener)
            self._published.add(listener.key)
            tell(f"port {listener.port} of {listener.balancer} answers at 127.0.0.1:{port}, too")

    def _loopback_port(self, listener: Listener) -> int:
        name = f"machines-{listener.balancer}-{listener.port}"
        return remembered_ports(self._settings.folder.parent / "ports.json", [name])[name]

    def _user_data(self, instance: Instance) -> bytes:
        if instance.identity not in self._began:
            self._began[instance.identity] = time.time()
            tell(f"{instance.identity}: reads its user-data")
        return self.account.user_data(instance.identity)

    def _credentials_of(self, instance: Instance) -> Mapping[str, Any]:
        expires, told = self._credentials.get(instance.role, (0.0, {}))
        if time.time() > expires - _RENEW_BEFORE_SECONDS:
            arn = f"arn:aws:iam::{self._settings.account}:role/{instance.role}"
            made = self._sts.assume_role(
                RoleArn=arn, RoleSessionName=instance.identity, DurationSeconds=_CREDENTIALS_SECONDS
            )["Credentials"]
            told = {
                "Code": "Success",
                "LastUpdated": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "Type": "AWS-HMAC",
                "AccessKeyId": made["AccessKeyId"],
                "SecretAccessKey": made["SecretAccessKey"],
                "Token": made["SessionToken"],
                "Expiration": made["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
            self._credentials[instance.role] = (made["Expiration"].timestamp(), told)
        return told

    def _find(self, name: str) -> list[IPv4Address] | None:
        balancer = self._described.names.get(name)
        if balancer is not None:
            return [balancer]
        if name.endswith(".amazonaws.com") or name == front.DOWNLOADS:
            return [FRONT_ADDRESS]
        return None

    def _client(self, service: str) -> Any:
        import boto3
        from botocore.config import Config

        return boto3.client(
            service,
            region_name=self._settings.region,
            endpoint_url=f"http://127.0.0.1:{self._settings.endpoint_port}",
            aws_access_key_id="rehearsal",
            aws_secret_access_key="rehearsal",  # noqa: S106  moto checks no signature
            config=Config(proxies={}, retries={"total_max_attempts": 2}),
        )
