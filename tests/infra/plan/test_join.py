from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from infra.plan.join import (
    ApiAddress,
    certificate_user,
    join_document,
    member_join_document,
    operators_kubeconfig,
    token_period,
)
from tests.infra.samples import sample_spec

INSIDE = ApiAddress("inside.example", None)
BOTH = ApiAddress("inside.example", "outside.example")


def test_machines_stay_inside_and_people_come_from_outside() -> None:
    assert (INSIDE.server, INSIDE.operators_server) == ("https://inside.example:443",) * 2
    assert (BOTH.server, BOTH.operators_server) == ("https://inside.example:443", "https://outside.example:443")


def test_a_workers_document() -> None:
    document = json.loads(join_document(BOTH, "authority\n", "id.secret"))
    assert document["names"] == {"@API_INTERNAL@": "inside.example", "@API_PUBLIC@": "outside.example"}
    assert (document["server"], document["certificateAuthority"]) == ("https://inside.example:443", "authority\n")
    config = document["kubeconfig"]
    assert config["users"] == [{"name": "bootstrap", "user": {"token": "id.secret"}}]
    trusted = config["clusters"][0]["cluster"]["certificate-authority-data"]
    assert base64.b64decode(trusted) == b"authority\n"
    assert config["current-context"] == config["contexts"][0]["name"] == "bootstrap"


def test_a_members_document_holds_no_secret() -> None:
    assert json.loads(member_join_document(INSIDE)) == {
        "names": {"@API_INTERNAL@": "inside.example", "@API_PUBLIC@": "inside.example"}
    }


def test_an_operators_kubeconfig_is_called_as_the_cluster() -> None:
    user = certificate_user("certificate", "key")
    config = json.loads(operators_kubeconfig(sample_spec(), BOTH, "authority", user))
    assert config["current-context"] == "test.example.com"
    assert config["clusters"][0]["cluster"]["server"] == "https://outside.example:443"
    # Members that run do not have the name of a load balancer that has just been made in their certificates.
    assert config["clusters"][0]["cluster"]["tls-server-name"] == "kubernetes.default.svc"
    assert {name: base64.b64decode(value) for name, value in config["users"][0]["user"].items()} == {
        "client-certificate-data": b"certificate",
        "client-key-data": b"key",
    }


@pytest.mark.parametrize(
    ("moment", "period"),
    [
        (datetime(2026, 11, 24, tzinfo=UTC), "2026-W48"),
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-W01"),
        (datetime(2027, 1, 1, tzinfo=UTC), "2026-W53"),
    ],
)
def test_a_token_lives_from_monday_to_monday(moment: datetime, period: str) -> None:
    assert token_period(moment) == period
    monday = moment - timedelta(days=moment.weekday())
    assert token_period(monday) == period
    assert token_period(monday + timedelta(days=6, hours=23)) == period
    assert token_period(monday + timedelta(days=7)) != period
