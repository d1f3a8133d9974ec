"""Objects of the kinds that the edge brings with it, held against the definitions of those kinds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pytest

from infra.plan.edge import plan_edge
from infra.plan.edge.manifest import Manifest
from infra.plan.edge.router import kinds
from infra.spec import EnvironmentSpec
from tests.infra.plan.edge.samples import EDGE, edge_spec

SPECS = {
    "acm": edge_spec(),
    "http01": edge_spec(tls={}, routes=EDGE["routes"][:1]),
    "dns01": edge_spec(
        tls={"acme": {"solver": "dns01", "email": "pki@example.com"}},
        dns={"zone": "example.com", "zoneId": "Z0123456789EXAMPLE"},
    ),
}


def schemas() -> dict[tuple[str, str], dict[str, Any]]:
    """Return API version and kind -> schema, which takes no field that it does not name."""
    found = {}
    for kind in (*kinds(), *kinds("certificate_crds")):
        spec = kind["spec"]
        for version in spec["versions"]:
            key = f"{spec['group']}/{version['name']}", spec["names"]["kind"]
            found[key] = closed(json.loads(json.dumps(version["schema"]["openAPIV3Schema"])))
            found[key]["properties"]["metadata"] = {"type": "object"}
    return found


def closed(schema: Any) -> Any:
    """Refuse unknown fields, as the API server does under strict validation."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value) for key, value in schema.items()}
    open_ended = made.get("x-kubernetes-preserve-unknown-fields", False)
    if isinstance(made.get("properties"), dict) and made.get("type") == "object" and not open_ended:
        made.setdefault("additionalProperties", False)
    return made


SCHEMAS = schemas()


def own(spec: EnvironmentSpec) -> Iterator[Manifest]:
    plan = plan_edge(spec)
    assert plan is not None
    for each in plan.objects:
        if (each["apiVersion"], each["kind"]) in SCHEMAS:
            yield each


def problems(body: Mapping[str, Any]) -> list[str]:
    validator = jsonschema.Draft202012Validator(SCHEMAS[body["apiVersion"], body["kind"]])
    return [f"{body['kind']} {body['metadata']['name']}: {error.message}" for error in validator.iter_errors(body)]


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_every_object_is_as_its_kind_asks(spec: EnvironmentSpec) -> None:
    objects = list(own(spec))
    assert [line for each in objects for line in problems(each)] == []
    used = {each["kind"] for each in objects}
    assert {"GatewayClass", "Gateway", "HTTPRoute", "ReferenceGrant"} <= used
    assert ({"Issuer", "Certificate"} <= used) == (spec.edge is not None and spec.edge.tls.acm is None)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("HTTPRoute", {"hosts": []}),
        ("Middleware", {"ipWhitelist": {}}),
        ("Gateway", {"gatewayClassName": 7}),
        ("IngressRouteTCP", {"routes": [{"match": "HostSNI(`*`)", "middleware": []}]}),
    ],
)
def test_a_field_that_no_kind_has_is_found(kind: str, change: dict[str, Any]) -> None:
    body = next(each for each in own(SPECS["acm"]) if each["kind"] == kind)
    assert problems({**body, "spec": {**body["spec"], **change}}) != []


def test_definitions_are_whole() -> None:
    """Descriptions were left out of them; what the API server or a controller needs was not."""
    for kind in (*kinds(), *kinds("certificate_crds")):
        stored = [version["name"] for version in kind["spec"]["versions"] if version["storage"]]
        assert len(stored) == 1
        assert "status" not in kind
    route = next(each for each in kinds() if each["spec"]["names"]["kind"] == "HTTPRoute")
    assert all("status" in version["subresources"] for version in route["spec"]["versions"])
    # Gateway API's definitions say which release and channel they are of.
    assert route["metadata"]["annotations"]["gateway.networking.k8s.io/bundle-version"] == "v1.6.1"
    assert route["metadata"]["annotations"]["gateway.networking.k8s.io/channel"] == "standard"
