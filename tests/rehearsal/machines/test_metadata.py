from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from rehearsal.machines.facts import Instance
from rehearsal.machines.metadata import TOKEN_PATH, Metadata
from tests.rehearsal.machines.samples import instance, interface

SOURCE = "10.20.32.5"
TTL = "x-aws-ec2-metadata-token-ttl-seconds"


class Service:
    """The service with one machine, and a clock that stands still."""

    def __init__(self, known: Instance | None = None) -> None:
        self.now = 0.0
        self.asked: list[str] = []
        machine = known or instance()
        self.metadata = Metadata(
            lambda source: machine if source == SOURCE else None,
            lambda it: f"#cloud-config of {it.identity}\n".encode(),
            self._credentials,
            "123456789012",
            lambda: self.now,
        )

    def _credentials(self, it: Instance) -> Mapping[str, Any]:
        self.asked.append(it.role)
        return {"Code": "Success"}

    def token(self, seconds: str = "60", source: str = SOURCE) -> str:
        return self.metadata.answer("PUT", TOKEN_PATH, {TTL: seconds}, source).body.decode()

    def get(self, path: str, token: str | None = None, source: str = SOURCE) -> tuple[HTTPStatus, str]:
        headers = {"x-aws-ec2-metadata-token": self.token() if token is None else token}
        answer = self.metadata.answer("GET", path, headers, source)
        return answer.status, answer.body.decode()


def test_nothing_is_told_without_a_token() -> None:
    answer = Service().metadata.answer("GET", "/latest/meta-data/instance-id", {}, SOURCE)
    assert (answer.status, answer.body) == (HTTPStatus.UNAUTHORIZED, b"")


def test_a_token_ends_with_its_time() -> None:
    service = Service()
    token = service.token("60")
    service.now = 59.9
    assert service.get("/latest/meta-data/instance-id", token) == (HTTPStatus.OK, "i-0123456789abcdef0")
    service.now = 60.0
    assert service.get("/latest/meta-data/instance-id", token)[0] == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("seconds", ["", "0", "21601", "-1", "x"])
def test_a_token_of_no_valid_time_is_refused(seconds: str) -> None:
    answer = Service().metadata.answer("PUT", TOKEN_PATH, {TTL: seconds}, SOURCE)
    assert answer.status == HTTPStatus.BAD_REQUEST


def test_a_token_that_passed_a_proxy_is_refused() -> None:
    answer = Service().metadata.answer("PUT", TOKEN_PATH, {TTL: "60", "x-forwarded-for": "10.0.0.1"}, SOURCE)
    assert answer.status == HTTPStatus.BAD_REQUEST


def test_an_address_of_no_machine_is_told_nothing() -> None:
    assert Service().metadata.answer("PUT", TOKEN_PATH, {TTL: "60"}, "10.20.32.9").status == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/latest/meta-data/local-ipv4", "10.20.32.5"),
        ("/latest/meta-data/placement/availability-zone", "eu-central-1a"),
        ("/latest/meta-data/placement/", "availability-zone\nregion"),
        ("/2021-03-23/user-data", "#cloud-config of i-0123456789abcdef0\n"),
        ("/latest/meta-data/iam/security-credentials/", "nodes.example"),
        ("/latest/meta-data/network/interfaces/macs/", "02:00:00:00:00:00/"),
        ("/latest/meta-data/network/interfaces/macs/02:00:00:00:00:00/subnet-ipv4-cidr-block", "10.20.32.0/19"),
    ],
)
def test_categories_have_ec2s_paths_and_forms(path: str, told: str) -> None:
    assert Service().get(path) == (HTTPStatus.OK, told)


@pytest.mark.parametrize("path", ["/latest/meta-data/spot/termination-time", "/latest/meta-data/tags/instance/", "/x"])
def test_what_an_instance_has_not_is_not_found(path: str) -> None:
    assert Service().get(path)[0] == HTTPStatus.NOT_FOUND


def test_credentials_are_made_for_who_asks_for_them_alone() -> None:
    service = Service()
    service.get("/latest/meta-data/")
    assert service.asked == []
    assert json.loads(service.get("/latest/meta-data/iam/security-credentials/nodes.example")[1]) == {"Code": "Success"}
    assert service.asked == ["nodes.example"]


def test_an_instance_without_a_role_has_no_credentials() -> None:
    assert Service(instance(role="")).get("/latest/meta-data/iam/info")[0] == HTTPStatus.NOT_FOUND


def test_a_second_interface_is_listed_and_the_first_names_the_machine() -> None:
    service = Service(instance(interface(), interface(1, "10.20.32.10")))
    macs = "/latest/meta-data/network/interfaces/macs/"
    assert service.get(macs)[1] == "02:00:00:00:00:00/\n02:00:00:00:00:01/"
    assert service.get(f"{macs}02:00:00:00:00:01/device-number")[1] == "1"
    assert service.get("/latest/meta-data/mac")[1] == "02:00:00:00:00:00"


def test_what_a_pod_network_gets_for_an_interface_is_told() -> None:
    given = (IPv4Network("10.20.32.32/28"), IPv4Network("10.20.32.48/28"))
    rich = replace(interface(), groups=("sg-1", "sg-2"), further=(IPv4Address("10.20.32.9"),), prefixes=given)
    mac = "/latest/meta-data/network/interfaces/macs/02:00:00:00:00:00"
    service = Service(instance(rich))
    assert service.get(f"{mac}/security-group-ids")[1] == "sg-1\nsg-2"
    assert service.get(f"{mac}/local-ipv4s")[1] == "10.20.32.5\n10.20.32.9"
    assert service.get(f"{mac}/ipv4-prefix")[1] == "10.20.32.32/28\n10.20.32.48/28"
    assert Service().get(f"{mac}/ipv4-prefix")[0] == HTTPStatus.NOT_FOUND
