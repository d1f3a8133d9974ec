from __future__ import annotations

from typing import Any

import pytest

from infra.components.log_store_keys import LogStoreKeys
from infra.plan.addons.objects import Later, leaves
from infra.plan.observability.logging import plan_logging
from infra.testing.account import OUTPUTS
from infra.testing.recorder import Recorder, record
from tests.infra.samples import sample_spec

PASSWORD = "random:index/randomPassword:RandomPassword"
CERTIFICATE = "tls:index/locallySignedCert:LocallySignedCert"


@pytest.fixture(scope="module")
def made() -> tuple[Recorder, dict[str, Any]]:
    values: dict[str, Any] = {}
    recorder = record(lambda: values.update(LogStoreKeys("log-store").values), Recorder(outputs=OUTPUTS))
    return recorder, values


def test_it_makes_what_the_plan_leaves_open(made: tuple[Recorder, dict[str, Any]]) -> None:
    plan = plan_logging(sample_spec(logging={"store": "openSearch"}))
    assert plan is not None
    wanted = {
        leaf.name
        for part in plan.in_cluster
        for each in part.objects
        for leaf in leaves(each.body)
        if isinstance(leaf, Later)
    }
    assert made[1].keys() == wanted


def test_members_are_named_as_they_are_called(made: tuple[Recorder, dict[str, Any]]) -> None:
    request = made[0].inputs("tls:index/certRequest:CertRequest", "log-store-members")
    assert request["subject"]["commonName"] == "opensearch.log-store"
    assert "opensearch.log-store.svc" in request["dnsNames"]
    assert made[0].inputs(CERTIFICATE, "log-store-members")["allowedUses"] == [
        "digital_signature",
        "key_encipherment",
        "server_auth",
        "client_auth",
    ]
    assert "server_auth" not in made[0].inputs(CERTIFICATE, "log-store-admin")["allowedUses"]
    assert made[0].inputs(CERTIFICATE, "log-store-admin")["earlyRenewalHours"] == 365 * 24


def test_the_authority_alone_is_protected(made: tuple[Recorder, dict[str, Any]]) -> None:
    token = "tls:index/privateKey:PrivateKey"
    protected = {name for name in made[0].names(token) if made[0].options(token, name).protect}
    assert protected == {"log-store-ca"}
    assert made[0].options("tls:index/selfSignedCert:SelfSignedCert", "log-store-ca").protect is True


def test_passwords_are_long_and_need_no_quoting(made: tuple[Recorder, dict[str, Any]]) -> None:
    assert made[0].names(PASSWORD) == {
        f"log-store-{user}" for user in ("admin", "reader", "shipper", "dashboards", "cookie")
    }
    for name in made[0].names(PASSWORD):
        assert made[0].inputs(PASSWORD, name) == {"length": 32, "special": False}
