from __future__ import annotations

from typing import Any

import pytest

from infra.plan.control_plane.endpoints import ApiEndpointPlan, balancer_name, plan_api_endpoint
from tests.infra.samples import sample_spec

ROLES = [("ControlPlane", None), ("Node", None), ("Edge", None)]
OFFICE = "203.0.113.0/24"


def plan(network: dict[str, Any] | None = None, **api: Any) -> ApiEndpointPlan:
    return plan_api_endpoint(sample_spec(cluster={"api": api}, network=network or {}))


def sources(endpoint: Any) -> list[tuple[str | None, str | None]]:
    return [(source.role, source.cidr) for source in endpoint.sources]


def test_machines_alone_reach_the_api_unless_somebody_is_named() -> None:
    found = plan()
    assert found.public is None
    assert found.balancers == (found.internal,)
    assert (found.internal.scheme, found.internal.subnet_kind) == ("internal", "private")
    assert sources(found.internal) == ROLES
    assert found.internal.record is None


def test_guests_of_an_internal_api_come_through_the_internal_load_balancer() -> None:
    assert sources(plan(allowedCidrs=[OFFICE]).internal) == [*ROLES, (None, OFFICE)]


def test_a_public_api_has_a_load_balancer_of_its_own_for_guests_alone() -> None:
    found = plan(access="public", allowedCidrs=[OFFICE])
    assert found.public is not None
    assert (found.public.scheme, found.public.subnet_kind) == ("internet-facing", "public")
    assert sources(found.public) == [(None, OFFICE)]
    assert sources(found.internal) == ROLES
    # An audit log should name the guest. A machine that is a target itself must not see its own address.
    assert (found.public.preserve_client_ip, found.internal.preserve_client_ip) == (True, False)


def test_private_networks_stay_guests_of_the_internal_load_balancer_of_a_public_api() -> None:
    vpn, shared = "10.200.0.0/16", "100.64.8.0/24"
    found = plan(access="public", allowedCidrs=[vpn, OFFICE, shared])
    assert found.public is not None
    assert sources(found.public) == [(None, OFFICE)]
    assert sources(found.internal) == [*ROLES, (None, vpn), (None, shared)]


def test_names_in_a_hosted_zone() -> None:
    found = plan(access="public", allowedCidrs=[OFFICE], hostedZone="Z0123456789ABCDEFGHIJ")
    assert [each.record for each in found.balancers] == ["api.internal.test.example.com", "api.test.example.com"]
    assert found.hosted_zone == "Z0123456789ABCDEFGHIJ"


def test_the_internal_load_balancer_stays_where_it_is_when_a_nat_comes() -> None:
    found = plan({"nat": "none"})
    assert (found.internal.scheme, found.internal.subnet_kind) == ("internal", "private")
    assert found.internal == plan({"nat": "single"}).internal


def test_rules_are_named_by_what_they_let_in() -> None:
    one, two = plan(allowedCidrs=[OFFICE, "10.9.0.0/16"]), plan(allowedCidrs=["10.9.0.0/16", OFFICE])
    assert {each.name for each in one.internal.sources} == {each.name for each in two.internal.sources}
    assert len({each.name for each in one.internal.sources}) == 5


@pytest.mark.parametrize(
    ("cluster", "name"),
    [
        ("test.example.com", "api-int-test-example-com"),
        ("a" * 24, "api-int-" + "a" * 24),
        ("a" * 25, "api-int-aaaaaaaaaaaaaaa-1e4de1bd"),
        ("production.kubernetes.example.com", None),
    ],
)
def test_names_fit_into_what_elb_allows(cluster: str, name: str | None) -> None:
    found = balancer_name(sample_spec(cluster={"name": cluster}), "api-int")
    assert len(found) <= 32
    assert not found.endswith("-")
    if len(cluster) <= 24:
        assert found == name
    other = balancer_name(sample_spec(cluster={"name": f"{cluster[:-1]}x"}), "api-int")
    assert other != found
