"""The instance metadata service at 169.254.169.254, version 2 alone, answering each machine by its address.

Paths and forms are those of the EC2 User Guide, "Instance metadata categories".
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from rehearsal.machines.facts import Instance, Interface

ADDRESS: Final = "169.254.169.254"
TOKEN_PATH: Final = "/latest/api/token"  # noqa: S105  a path
LONGEST_TOKEN_SECONDS: Final = 21600

Tree: TypeAlias = "Mapping[str, Tree | str]"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: HTTPStatus
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Metadata:
    """The service. `find` returns the instance of an address, `user_data` and `credentials` those of an instance."""

    def __init__(
        self,
        find: Callable[[str], Instance | None],
        user_data: Callable[[Instance], bytes],
        credentials: Callable[[Instance], Mapping[str, Any]],
        account: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find = find
        self._user_data = user_data
        self._credentials = credentials
        self._account = account
        self._clock = clock
        self._tokens: dict[str, tuple[str, float]] = {}

    def answer(self, method: str, path: str, headers: Mapping[str, str], source: str) -> Answer:
        """Return the answer to a request from the address `source`."""
        instance = self._find(source)
        if instance is None:
            return Answer(HTTPStatus.NOT_FOUND)
        if path == TOKEN_PATH:
            return self._token(method, headers, source)
        if method != "GET":
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED)
        owner, expires = self._tokens.get(headers.get("x-aws-ec2-metadata-token", ""), ("", 0.0))
        if owner != source or self._clock() >= expires:
            return Answer(HTTPStatus.UNAUTHORIZED)
        return self._get(instance, path)

    def _token(self, method: str, headers: Mapping[str, str], source: str) -> Answer:
        if method != "PUT":
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED)
        asked = headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
        if not asked.isdigit() or not 1 <= int(asked) <= LONGEST_TOKEN_SECONDS or "x-forwarded-for" in headers:
            return Answer(HTTPStatus.BAD_REQUEST)
        now = self._clock()
        self._tokens = {token: held for token, held in self._tokens.items() if held[1] > now}
        token = secrets.token_urlsafe(40)
        self._tokens[token] = (source, now + int(asked))
        return Answer(HTTPStatus.OK, token.encode(), {"X-aws-ec2-metadata-token-ttl-seconds": asked})

    def _get(self, instance: Instance, path: str) -> Answer:
        parts = path.split("?")[0].strip("/").split("/")
        if parts == [""]:
            return Answer(HTTPStatus.OK, b"2016-09-02\n2018-09-24\n2021-03-23\nlatest")
        if parts[0] != "latest" and not parts[0][:4].isdigit():
            return Answer(HTTPStatus.NOT_FOUND)
        if parts[1:] == ["user-data"]:
            text = self._user_data(instance)
            return Answer(HTTPStatus.OK, text) if text else Answer(HTTPStatus.NOT_FOUND)
        tree: Tree | str = {
            "meta-data": self._meta_data(instance, parts),
            "dynamic": {"instance-identity": {"document": self._document(instance)}},
        }
        for part in parts[1:]:
            if isinstance(tree, str) or part not in tree:
                return Answer(HTTPStatus.NOT_FOUND)
            tree = tree[part]
        if isinstance(tree, str):
            return Answer(HTTPStatus.OK, tree.encode())
        names = [f"{name}/" if isinstance(below, Mapping) else name for name, below in tree.items()]
        return Answer(HTTPStatus.OK, "\n".join(names).encode())

    def _meta_data(self, instance: Instance, parts: list[str]) -> Tree:
        primary = instance.primary
        name = f"ip-{str(primary.address).replace('.', '-')}.{instance.region}.compute.internal"
        tree: dict[str, Tree | str] = {
            "ami-id": instance.image,
            "ami-launch-index": "0",
            "hostname": name,
            "instance-id": instance.identity,
            "instance-life-cycle": "on-demand",
            "instance-type": instance.machine_type,
            "local-hostname": name,
            "local-ipv4": str(primary.address),
            "mac": primary.mac,
            "network": {"interfaces": {"macs": {each.mac: self._interface(each) for each in instance.interfaces}}},
            "placement": {"availability-zone": instance.zone, "region": instance.region},
            "reservation-id": f"r-{instance.identity[2:]}",
            "security-groups": "",
            "services": {"domain": "amazonaws.com", "partition": "aws"},
            "autoscaling": {"target-lifecycle-state": "InService"},
        }
        if instance.role:
            # Made only for who asks for them: they are a call to STS.
            wanted = parts[-1] == instance.role
            credentials = json.dumps(self._credentials(instance)) if wanted else ""
            tree["iam"] = {
                "info": json.dumps(
                    {
                        "Code": "Success",
                        "InstanceProfileArn": f"arn:aws:iam::{self._account}:instance-profile/{instance.profile}",
                    }
                ),
                "security-credentials": {instance.role: credentials},
            }
        return tree

    def _interface(self, each: Interface) -> Tree:
        prefixes = {"ipv4-prefix": "\n".join(map(str, each.prefixes))} if each.prefixes else {}
        return {
            "device-number": str(each.index),
            "interface-id": each.identity,
            **prefixes,
            "local-ipv4s": "\n".join(map(str, (each.address, *each.further))),
            "mac": each.mac,
            "owner-id": self._account,
            "security-group-ids": "\n".join(each.groups),
            "subnet-id": each.subnet,
            "subnet-ipv4-cidr-block": str(each.network),
            "vpc-id": each.vpc,
            "vpc-ipv4-cidr-block": str(each.vpc_network),
            "vpc-ipv4-cidr-blocks": str(each.vpc_network),
        }

    def _document(self, instance: Instance) -> str:
        return json.dumps(
            {
                "accountId": self._account,
                "architecture": "x86_64",
                "availabilityZone": instance.zone,
                "imageId": instance.image,
                "instanceId": instance.identity,
                "instanceType": instance.machine_type,
                "privateIp": str(instance.primary.address),
                "region": instance.region,
                "version": "2017-09-30",
            }
        )
