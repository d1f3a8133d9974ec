"""Hosts that nobody can connect to for a while, since their certificate moves to another Secret."""

from __future__ import annotations

from typing import Any

from tests.infra.ops.preview.made import report_of, step

GATEWAY = "kubernetes:gateway.networking.k8s.io/v1:Gateway"
CERTIFICATE = "kubernetes:cert-manager.io/v1:Certificate"


def gateway(**secrets: str) -> dict[str, Any]:
    listeners = [
        {"hostname": f"{host}.example.com", "tls": {"certificateRefs": [{"name": secret}]} if secret else {}}
        for host, secret in secrets.items()
    ]
    return {"spec": {"listeners": [{"name": "http", "port": 8080}, *listeners]}}


def test_hosts_whose_certificate_is_asked_for_anew() -> None:
    both = {"spec": {"secretName": "route-both", "dnsNames": ["web.example.com"]}}
    own = {"spec": {"secretName": "route-api", "dnsNames": ["shop.example.com", "blog.example.com"]}}
    before = gateway(shop="route-shop", blog="route-blog", web="route-web", api="", plain="p", kept="k")
    after = gateway(
        shop="route-api", blog="route-api", web="route-both", api="route-acme", new="route-new", plain="", kept="k"
    )
    report = report_of(
        step("same", CERTIFICATE, "both", both, both),
        step("create", CERTIFICATE, "own", None, own),
        step("update", GATEWAY, "edge", before, after),
    )
    assert report.verdict == "attention"
    assert [each for each in report.sentences if each.startswith("Nobody")] == [
        "Nobody can connect to api.example.com until cert-manager has a certificate there.",
        "Nobody can connect to blog.example.com, shop.example.com until cert-manager has a new certificate there, in "
        "another Secret than before.",
    ]
    (handed,) = [each for each in report.sentences if each.startswith("The load balancer ends TLS")]
    assert handed == (
        "The load balancer ends TLS for plain.example.com, in place of the router: nobody can connect between its "
        "change and the router's, both in this update."
    )
    for left in (step("delete", GATEWAY, "edge", after, None), step("create", GATEWAY, "edge", None, after)):
        assert not [each for each in report_of(left).sentences if each.startswith("Nobody")]
