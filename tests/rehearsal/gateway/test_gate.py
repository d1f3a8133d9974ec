"""Which hosts the gateway leads to the API server."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from rehearsal.gateway.__main__ import Gate, leads_to_cluster
from rehearsal.gateway.proxy import NotServedError


@pytest.mark.parametrize(
    ("host", "leads"),
    [
        ("api.internal.dev.k8s.example.com", True),
        ("api-dev-1.eu-central-1.elb.amazonaws.com", True),
        ("api-dev-0123.elb.eu-central-1.amazonaws.com", True),
        ("api-dev-0123.elb.cn-north-1.amazonaws.com.cn", True),
        ("10.20.0.10", True),
        ("fd00::1", True),
        ("files.example.org", False),
        ("notdev.k8s.example.com", False),
        ("sts.eu-central-1.amazonaws.com", False),
    ],
)
def test_the_hosts_of_a_cluster(host: str, leads: bool) -> None:
    assert leads_to_cluster(host, "dev.k8s.example.com") is leads


def test_other_hosts_are_refused_with_what_to_do() -> None:
    environment: Any = SimpleNamespace(
        spec=SimpleNamespace(cluster=SimpleNamespace(name="dev.k8s.example.com")), api_port=lambda: 6443
    )
    gate = Gate(environment)
    assert gate.destination("api.dev.k8s.example.com", 443) == 6443
    with pytest.raises(
        NotServedError, match=r"^files\.example\.org is not of the rehearsed cluster: unset HTTPS_PROXY"
    ):
        gate.destination("files.example.org", 443)
