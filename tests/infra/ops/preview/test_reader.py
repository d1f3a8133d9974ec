"""What a reader who knows the report alone is told of changes that are common."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.ops.preview.network import NAT, ROUTE, SUBNET
from infra.ops.preview.openings import told_once
from infra.ops.preview.render_markdown import render_markdown
from infra.plan.stateful import OBJECT_TYPE
from tests.infra.ops.preview.made import (
    GROUP,
    INGRESS,
    SECRET_VALUE,
    SECURITY_GROUP,
    UNKNOWN_VALUE,
    component,
    encoded,
    group,
    report_of,
    step,
    urn,
)

EIP = "aws:ec2/eip:Eip"


def subnet(op: str, zone: str, *, kind: str = "private", cidr: str = "10.0.0.0/20") -> dict[str, Any]:
    inputs = {"availabilityZone": zone, "cidrBlock": cidr}
    old, new = (None if op == "create" else inputs), (None if op == "delete" else inputs)
    return step(op, SUBNET, f"{kind}-{zone}", old, new)


def route(op: str, zone: str, old: str | None, new: str | None, to: str = "0.0.0.0/0") -> dict[str, Any]:
    before, after = ({"destinationCidrBlock": to, "natGatewayId": each} if each else None for each in (old, new))
    return step(op, ROUTE, f"private-{zone}-nat", before, after)


def sized(name: str, old: dict[str, Any], new: dict[str, Any]) -> list[dict[str, Any]]:
    tags = [
        {"key": "slipway/instance-group", "value": name, "propagateAtLaunch": True},
        {"key": "slipway/role", "value": "Node", "propagateAtLaunch": True},
    ]
    state = {"parent": urn("slipway:index:InstanceGroup", name)}
    return [
        component("InstanceGroup", name),
        step("update", GROUP, name, {**old, "tags": tags}, {**new, "tags": tags}, state=state),
    ]


def test_a_zone_that_is_added() -> None:
    zones = ["a", "b", "c"]
    size = {"minSize": 3, "maxSize": 9}
    report = report_of(
        *(subnet("same", zone) for zone in "ab"),
        subnet("create", "c", cidr="10.0.32.0/20"),
        subnet("create", "c", kind="public", cidr="10.0.96.0/22"),
        *sized("nodes", {**size, "vpcZoneIdentifiers": zones[:2]}, {**size, "vpcZoneIdentifiers": zones}),
        *sized("batch", {**size, "vpcZoneIdentifiers": zones[:2]}, {**size, "vpcZoneIdentifiers": zones}),
    )
    assert (
        "Zone c is new, with the subnets private-c (10.0.32.0/20), public-c (10.0.96.0/22). Control-plane members stay "
        "in the zones they are in."
    ) in report.sentences
    assert (
        "Groups batch, nodes, each: other zones, over which Auto Scaling balances its machines: it may exchange some, "
        "each drained; that needs no roll."
    ) in report.sentences
    assert report.verdict == "fine"


def test_a_zone_that_goes() -> None:
    report = report_of(subnet("same", "a"), subnet("delete", "b"))
    words = "Zone b goes with its subnets: AWS refuses that while a machine or a load balancer is in them."
    assert words in report.sentences
    assert report.verdict == "attention"


def test_a_whole_network_is_no_news_of_zones() -> None:
    assert not [each for each in report_of(subnet("create", "a")).sentences if "Zone" in each]


def test_other_subnets_in_as_many_zones() -> None:
    size = {"minSize": 3, "maxSize": 9}
    report = report_of(*sized("nodes", {**size, "vpcZoneIdentifiers": ["p"]}, {**size, "vpcZoneIdentifiers": ["q"]}))
    words = "other subnets in the same number of zones, in which new machines start; that needs no roll."
    assert f"Group nodes: {words}" in report.sentences


def test_nat_of_one_zone_becomes_that_of_each() -> None:
    report = report_of(
        step("create", NAT, "nat-b", None, {"subnetId": "s"}),
        step("create", EIP, "nat-b", None, {"domain": "vpc"}),
        route("update", "b", "nat-1", "nat-2"),
        route("update", "b6", "nat-1", "nat-2", "10.9.0.0/16"),
    )
    assert "NAT gateways are made in b." in report.sentences
    assert (
        "The way out of subnets private-b leads through another NAT gateway as soon as the update has changed their "
        "routes: connections that are open to the outside break, and others see another address (allow-lists)."
    ) in report.sentences
    assert report.verdict == "attention"


@pytest.mark.parametrize("op", ["delete", "update"])
def test_nat_that_goes_takes_the_way_out_before_machines_are_replaced(op: str) -> None:
    report = report_of(step("delete", NAT, "nat-a", {"subnetId": "s"}), route(op, "a", "nat-1", None))
    assert "NAT gateways are deleted in a." in report.sentences
    assert (
        "No way out of subnets private-a any more, from the update on and before any machine is replaced: what runs "
        "there reaches no registry and no service outside the VPC."
    ) in report.sentences
    assert report.verdict == "attention"


def test_a_nat_gateway_beside_others_is_not_noticed() -> None:
    report = report_of(step("create", NAT, "nat-b", None, {"subnetId": "s"}))
    assert report.verdict == "fine"


def test_a_group_that_is_retired() -> None:
    size = {"minSize": 2, "maxSize": 6}
    report = report_of(*sized("batch", size, {"minSize": 0, "maxSize": 0, "desiredCapacity": 0}))
    assert (
        "Group batch: it is emptied; it had 2 to 6 machines. Pods that only its labels or taints admit will wait "
        "(2 machines to end, each after its drain); that needs no roll."
    ) in report.sentences
    assert report.verdict == "attention"


def test_a_group_that_is_retired_and_whose_machines_are_protected() -> None:
    size = {"minSize": 1, "maxSize": 2, "protectFromScaleIn": True}
    report = report_of(*sized("batch", size, {"minSize": 0, "maxSize": 0, "protectFromScaleIn": False}))
    said = "Machines that are protected from scale-in stay until that is taken off (docs/change-a-group.md)."
    assert any(said in sentence for sentence in report.sentences)


def test_networks_that_reach_the_api_another_way() -> None:
    internal = step("same", SECURITY_GROUP, "api-internal", {"name": "api-internal.x"}, {"name": "api-internal.x"})
    # The group of a load balancer that is only about to be made has no name yet.
    parent = {"parent": urn("slipway:index:ApiEndpoint", "api")}

    def rule(group: str, source: str) -> dict[str, Any]:
        return {"securityGroupId": group, "cidrIpv4": source, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443}

    def made(source: str) -> dict[str, Any]:
        event = step("create", INGRESS, source, None, rule(UNKNOWN_VALUE, source), state=parent)
        kind = f"slipway:index:ApiEndpoint${INGRESS}"
        event["resourcePreEvent"]["metadata"]["urn"] = urn(kind, source)
        return event

    closed = step("delete", INGRESS, "old", rule("id-api-internal", "192.0.2.0/24"), None)
    report = report_of(internal, made("192.0.2.0/24"), made("203.0.113.0/24"), closed)
    assert [each for each in report.sentences if each.startswith("The Kubernetes API ")][-2:] == [
        "The Kubernetes API can be reached from 203.0.113.0/24. Callers need credentials as before.",
        "The Kubernetes API is reached from 192.0.2.0/24 through its other load balancer from now on, and no more "
        "through the one before: kubeconfigs that name that one lead nowhere from there.",
    ]


def test_an_api_that_is_made_public() -> None:
    api = step("same", SECURITY_GROUP, "api-public", {"name": "api-public.x"}, {"name": "api-public.x"})
    web = step("same", SECURITY_GROUP, "edge-lb", {"name": "edge-lb.x"}, {"name": "edge-lb.x"})

    def opens(name: str, group: str, source: str, op: str = "create") -> dict[str, Any]:
        rule = {
            "securityGroupId": f"id-{group}",
            "cidrIpv4": source,
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
        }
        return step(op, INGRESS, name, *((None, rule) if op == "create" else (rule, None)))

    report = report_of(
        api,
        web,
        opens("one", "api-public", "203.0.113.0/24"),
        opens("two", "edge-lb", "198.51.100.0/24"),
        opens("three", "api-public", "192.0.2.0/24", "delete"),
    )
    assert (
        "The Kubernetes API can be reached from 203.0.113.0/24. Callers need credentials as before."
    ) in report.sentences
    assert "The Kubernetes API can be reached no more from 192.0.2.0/24." in report.sentences
    everyone = report_of(api, opens("one", "api-public", "0.0.0.0/0"))
    assert (
        "The Kubernetes API can be reached from everywhere on the internet. Callers need credentials as before."
    ) in everyone.sentences


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("198.51.100.7/32", "198.51.100.0/24", ["reached from 198.51.100.0/24. Callers need credentials as before"]),
        ("198.51.100.0/24", "198.51.100.7/32", ["reached no more from 198.51.100.0/24, but for 198.51.100.7/32"]),
    ],
)
def test_an_address_within_a_network_keeps_its_way_to_the_api(before: str, after: str, said: list[str]) -> None:
    """A network that was made wider was told as lost for those who were in it before."""
    rule = {"securityGroupId": "id-api-public", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
    report = report_of(
        step("same", SECURITY_GROUP, "api-public", {"name": "api-public.x"}, {"name": "api-public.x"}),
        step("create", INGRESS, "new", None, {**rule, "cidrIpv4": after}),
        step("delete", INGRESS, "old", {**rule, "cidrIpv4": before}, None),
    )
    told = [each for each in report.sentences if each.startswith("The Kubernetes API can be reached")]
    assert told == [f"The Kubernetes API can be {each}." for each in said]


def test_a_rule_that_two_groups_have_is_told_once() -> None:
    groups = [step("same", SECURITY_GROUP, name, {"name": name}, {"name": name}) for name in ("lb", "edge")]
    port = {"ipProtocol": "tcp", "fromPort": 8080, "toPort": 8080}
    inward = {**port, "securityGroupId": "id-edge", "referencedSecurityGroupId": "id-lb"}
    outward = {**port, "securityGroupId": "id-lb", "referencedSecurityGroupId": "id-edge"}
    egress = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    report = report_of(
        *groups, step("create", INGRESS, "in", None, inward), step("create", egress, "out", None, outward)
    )
    assert [each.words() for each in report.openings] == ["opens TCP port 8080 from lb to edge"]
    assert report.openings[0].rule.inward, "the one that lets in is kept"
    assert told_once(report.openings) == report.openings


def test_a_document_of_files_is_told_by_file_although_a_part_of_it_is_hidden() -> None:
    def files(version: str) -> dict[str, Any]:
        hidden = "-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----\n"
        document = {
            "files": [
                {"path": "/etc/a.yaml", "mode": "0644", "content": f"version: {version}\n"},
                {"path": "/etc/key", "mode": "0600", "content": hidden},
            ]
        }
        return {"key": f"x/files-{version}.json", "content": json.dumps(document)}

    text = render_markdown(report_of(step("update", OBJECT_TYPE, "nodes/files.json", files("1"), files("2"))))
    assert "@@ content (/etc/a.yaml) @@" in text
    assert "-version: 1\n+version: 2\n" in text
    assert "MIIabc" not in text
    whole = step("update", OBJECT_TYPE, "nodes/files.json", {"content": SECRET_VALUE}, {"content": "{}"})
    assert "[secret]" in render_markdown(report_of(whole))


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (None, "which stay in the cluster with what is on them until somebody deletes them"),
        ({"whenDeleted": "Retain"}, "which stay in the cluster with what is on them until somebody deletes them"),
        ({"whenDeleted": "Delete"}, "which go with it, and with them what is on the volumes"),
    ],
)
def test_the_claims_of_a_stateful_set_that_is_deleted(policy: dict[str, str] | None, words: str) -> None:
    spec = {"replicas": 1, "volumeClaimTemplates": [{"metadata": {"name": "data"}}]}
    inputs = {"metadata": {"name": "store"}, "spec": {**spec, "persistentVolumeClaimRetentionPolicy": policy}}
    report = report_of(step("delete", "kubernetes:apps/v1:StatefulSet", "store", inputs, None))
    assert report.dangers[0].words() == f"apps StatefulSet store would be DELETED. It holds claims to volumes, {words}."
    assert report.exit_code == 3


@pytest.mark.parametrize("kept", ["Retain", "Delete"])
def test_claims_that_stay_with_their_set_s_end_go_with_their_namespace(kept: str) -> None:
    gone = step("delete", "kubernetes:core/v1:Namespace", "shop", {"metadata": {"name": "shop"}}, None)
    other = step("delete", "kubernetes:core/v1:Namespace", "desk", {"metadata": {"name": "desk"}}, None)
    store = step("delete", "kubernetes:apps/v1:StatefulSet", "store", _store(kept=kept), None)

    def told(*events: dict[str, Any]) -> str:
        (danger,) = (each for each in report_of(*events).dangers if each.name == "store")
        return danger.holds

    assert told(gone, store) == (
        "claims to volumes, which go with their namespace, and with them what is on the volumes"
    )
    assert told(other, store) == told(store)


def _store(name: str = "", *claims: str, size: str = "5Gi", kept: str = "Retain") -> dict[str, Any]:
    """Return a set of these claims; without a name, the usual one with its one claim."""
    requests = {"resources": {"requests": {"storage": size}}}
    named = claims if name else ("data",)
    spec = {
        "volumeClaimTemplates": [{"metadata": {"name": claim}, "spec": requests} for claim in named],
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": kept},
    }
    return {"metadata": {"name": name or "store", "namespace": "shop"}, "spec": spec}


ORPHAN = (
    "run `kubectl delete statefulset store -n shop --cascade=orphan`: the update then makes the set anew around them "
    "(docs/workloads.md, Stateful sets)."
)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (_store(), _store(size="9Gi"),
         "would be REPLACED by another. It holds claims to volumes, which stay as they are: the new one takes them up, "
         "once all pods of the old one have ended. To keep its pods running, enlarge each claim data-store-<n> itself, "
         f"then {ORPHAN}"),
        (_store(), _store(kept="Delete"),
         "would be REPLACED by another. It holds claims to volumes, which stay as they are: the new one takes them up, "
         f"once all pods of the old one have ended. To keep its pods running, {ORPHAN}"),
        (_store(), _store("store", "data", "logs"),
         "would be REPLACED by another. It holds claims to volumes, which stay as they are: the new one takes them up, "
         "once all pods of the old one have ended."),
        (_store("store", "data", "logs"), _store(),
         "would be REPLACED by another. It holds claims to volumes, which stay as they are: the new one takes them up, "
         f"once all pods of the old one have ended, but for logs, which nobody uses then. To keep its pods running, "
         f"{ORPHAN}"),
        (_store(), _store("store"),
         "would be REPLACED by an empty one. It holds claims to volumes, which stay in the cluster with what is on "
         f"them until somebody deletes them. To keep its pods running, {ORPHAN}"),
        (_store(kept="Delete"), _store(size="9Gi"),
         "would be REPLACED by an empty one. It holds claims to volumes, which go with it, and with them what is on "
         "the volumes."),
        (_store(), _store("store", "other"),
         "would be REPLACED by an empty one. It holds claims to volumes, which stay in the cluster with what is on "
         "them until somebody deletes them."),
        (_store(), _store("other", "data"),
         "would be REPLACED by an empty one. It holds claims to volumes, which stay in the cluster with what is on "
         "them until somebody deletes them."),
    ],
)  # fmt: skip
def test_the_claims_of_a_stateful_set_that_is_made_anew(old: dict[str, Any], new: dict[str, Any], words: str) -> None:
    report = report_of(step("replace", "kubernetes:apps/v1:StatefulSet", "store", old, new))
    assert report.dangers[0].words() == f"apps StatefulSet store {words}"


def test_files_that_machines_fetch_are_why_and_their_digest_is_not() -> None:
    def settings(digest: str, more: str = "") -> dict[str, Any]:
        files = [{"path": "/etc/slipway/node.env", "content": f"A=1\n{more}FILES_SHA256={digest}\n"}]
        return {"userData": encoded("#cloud-config\n" + json.dumps({"write_files": files}))}

    def files(version: int, count: int) -> dict[str, Any]:
        entries = [{"path": f"/etc/{n}", "mode": "0644", "content": f"{version}\n"} for n in range(count)]
        return {"content": json.dumps({"files": entries})}

    def reasons(template: tuple[dict[str, Any], dict[str, Any]], count: int) -> tuple[str, ...]:
        fetched = step("update", OBJECT_TYPE, "nodes/files.json", files(1, count), files(2, count))
        return report_of(*group("nodes", "Node", op="update", template=template), fetched).rolls[0].reasons

    digests = settings("a"), settings("b")
    assert reasons(digests, 1) == ("first-boot file: /etc/0",)
    assert reasons(digests, 6) == ("first-boot files: /etc/0, /etc/1, /etc/2, /etc/3 and 2 more",)
    arm, amd = (settings("a", f"KUBELET_ARCH={each}\n") for each in ("arm64", "amd64"))
    assert "processors arm64 → amd64" in reasons((arm, amd), 1)
    assert reasons((settings("a"), settings("b", "KUBELET_VERSION=v1.37.3\n")), 1) == (
        "Kubernetes (not set) → v1.37.3",
        "first-boot file: /etc/0",
    )
    alone = report_of(*group("nodes", "Node", op="update", template=digests))
    assert alone.rolls[0].reasons == ("first-boot configuration",)
