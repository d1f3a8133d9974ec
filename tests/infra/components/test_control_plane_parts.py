"""The smaller components of a control plane: members, issuer, token, records, access, roles."""

from __future__ import annotations

import json
from typing import Any

import pulumi

from infra.components.cluster_access import ClusterAccess
from infra.components.cluster_records import ClusterRecords
from infra.components.control_plane_member import ControlPlaneMember
from infra.components.join_token import JoinToken
from infra.components.service_account_issuer import ServiceAccountIssuer
from infra.components.service_account_role import ServiceAccountRole
from infra.plan.cluster_access import plan_cluster_access
from infra.plan.control_plane.issuer import plan_issuer
from infra.plan.control_plane.members import plan_members
from infra.plan.join import ApiAddress
from infra.plan.records import plan_records
from infra.plan.service_account_role import plan_service_account_role
from infra.testing.account import OUTPUTS, PUBLIC_KEY
from infra.testing.recorder import Recorder, record
from tests.infra.samples import sample_spec

SPEC = sample_spec()
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
STRING, PASSWORD = "random:index/randomString:RandomString", "random:index/randomPassword:RandomPassword"
BINDING = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding"


def recorded(build: Any) -> Recorder:
    return record(build, Recorder(outputs=OUTPUTS))


def test_a_members_address_and_volume_are_fixed_encrypted_and_protected() -> None:
    (plan,) = plan_members(SPEC)
    subnets = {"private": {"eu-central-1a": "subnet-a"}}
    recorder = recorded(
        lambda: ControlPlaneMember("control-plane-a", plan, subnet_ids=subnets, security_group_id="sg-cp")
    )
    interface, volume = "aws:ec2/networkInterface:NetworkInterface", "aws:ebs/volume:Volume"
    assert recorder.inputs(interface, "control-plane-a") == {
        "description": "Address of control-plane member control-plane-a",
        "subnetId": "subnet-a",
        "privateIps": ["10.20.32.10"],
        "securityGroups": ["sg-cp"],
        "tags": plan.interface_tags,
    }
    assert recorder.inputs(volume, "control-plane-a") == {
        "availabilityZone": "eu-central-1a",
        "size": 20,
        "type": "gp3",
        "iops": 3000,
        "throughput": 125,
        "encrypted": True,
        "finalSnapshot": True,
        "tags": plan.volume_tags,
    }
    assert all(recorder.requests[token, "control-plane-a"].protect for token in (interface, volume))
    # The AWS provider would change the address in place, and EC2 refuses that in the middle of the update.
    assert list(recorder.requests[interface, "control-plane-a"].replaceOnChanges) == ["privateIps"]
    assert list(recorder.requests[volume, "control-plane-a"].replaceOnChanges) == []


def test_the_issuers_bucket_shows_two_documents_by_its_policy_and_nothing_by_acl() -> None:
    plan = plan_issuer(SPEC)
    recorder = recorded(lambda: ServiceAccountIssuer("issuer", plan, public_keys=[PUBLIC_KEY]))
    assert recorder.inputs("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "issuer") == {
        "bucket": "acme-slipway-test-issuer",
        "blockPublicAcls": True,
        "ignorePublicAcls": True,
        "blockPublicPolicy": False,
        "restrictPublicBuckets": False,
    }
    assert recorder.requests["aws:s3/bucket:Bucket", "issuer"].protect
    assert recorder.names(OBJECT) == {"openid-configuration", "jwks"}
    assert len(json.loads(recorder.inputs(OBJECT, "jwks")["content"])["keys"]) == 1
    assert recorder.inputs("aws:iam/openIdConnectProvider:OpenIdConnectProvider", "issuer") == {
        "url": plan.url,
        "clientIdLists": ["sts.amazonaws.com"],
        "tags": plan.tags,
    }


def test_a_token_is_made_anew_when_its_period_ends() -> None:
    recorder = recorded(lambda: JoinToken("join", "2026-W48"))
    common = {"upper": False, "special": False, "keepers": {"period": "2026-W48"}}
    assert recorder.inputs(STRING, "join-id") == {"length": 6, **common}
    assert recorder.inputs(PASSWORD, "join-secret") == {"length": 16, **common}


def test_a_workers_record_is_secret_and_a_members_is_not() -> None:
    def build() -> ClusterRecords:
        return ClusterRecords(
            "records",
            plan_records(SPEC),
            bucket="acme-slipway-test",
            address=pulumi.Output.from_input(ApiAddress("inside.example", None)),
            authority=pulumi.Output.from_input("authority"),
            token=pulumi.Output.secret("id.secret"),
        )

    recorder = recorded(build)
    secret = recorder.inputs(OBJECT, "nodes/join.json")["content"]
    assert isinstance(secret, dict)
    assert "id.secret" in secret["value"]
    assert recorder.inputs(OBJECT, "control-plane-a/join.json")["content"] == json.dumps(
        {"names": {"@API_INTERNAL@": "inside.example", "@API_PUBLIC@": "inside.example"}}
    )
    assert recorder.inputs(OBJECT, "config")["key"] == "test.example.com/config"
    assert recorder.inputs(OBJECT, "config")["contentType"] == "text/yaml"
    # The provider would delete all versions of an object; that there is a cluster is told by its own record alone.
    kept = {name: recorder.options(OBJECT, name).retainOnDelete for name in recorder.names(OBJECT)}
    assert {name for name, retained in kept.items() if not retained} == {"config"}
    assert len(kept) > 3


def test_groups_of_the_issuer_are_bound_role_by_role() -> None:
    groups = {"ops": "cluster-admin", "developers": "view", "auditors": "view"}
    oidc = {
        "issuerUrl": "https://login.example.com",
        "clientId": "kubernetes",
        "groupsClaim": "groups",
        "prefix": "acme:",
        "groups": groups,
    }
    plan = plan_cluster_access(sample_spec(cluster={"api": {"oidc": oidc}}))
    assert [each.name for each in plan.bindings[-2:]] == ["slipway:login-cluster-admin", "slipway:login-view"]
    token = pulumi.Output.from_input("abcdef")
    recorder = recorded(lambda: ClusterAccess("access", plan, token_id=token, token_secret=token))
    binding = recorder.inputs(BINDING, "slipway:login-view")
    group = "rbac.authorization.k8s.io"
    assert binding["roleRef"] == {"apiGroup": group, "kind": "ClusterRole", "name": "view"}
    assert binding["subjects"] == [
        {"apiGroup": group, "kind": "Group", "name": name} for name in ("acme:auditors", "acme:developers")
    ]
    assert binding["metadata"]["annotations"] == {"slipway/why": "What groups of https://login.example.com may do"}
    admins = recorder.inputs(BINDING, "slipway:login-cluster-admin")
    assert [each["name"] for each in admins["subjects"]] == ["acme:ops"]


def test_who_shows_the_token_may_ask_for_a_nodes_identity_and_no_more() -> None:
    plan = plan_cluster_access(SPEC)
    recorder = recorded(
        lambda: ClusterAccess(
            "access",
            plan,
            token_id=pulumi.Output.from_input("abcdef"),
            token_secret=pulumi.Output.from_input("0123456789abcdef"),
        )
    )
    bound = {
        name: (inputs["subjects"][0]["name"], inputs["roleRef"]["name"])
        for (token, name), inputs in recorder.resources.items()
        if token == BINDING
    }
    assert bound == {
        "slipway:node-bootstrap": ("system:bootstrappers:slipway", "system:node-bootstrapper"),
        "slipway:node-approve": (
            "system:bootstrappers:slipway",
            "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
        ),
        "slipway:node-renew": (
            "system:nodes",
            "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
        ),
        "slipway:administrators": ("slipway:administrators", "cluster-admin"),
        "slipway:api-server-to-kubelets": ("kube-apiserver-kubelet-client", "system:kubelet-api-admin"),
    }
    secret = recorder.inputs("kubernetes:core/v1:Secret", "join-token")
    assert secret["metadata"]["name"] == "bootstrap-token-abcdef"
    assert secret["type"] == "bootstrap.kubernetes.io/token"
    assert secret["stringData"]["value"] | {"description": None} == {
        "token-id": "abcdef",
        "token-secret": "0123456789abcdef",
        "description": None,
        "usage-bootstrap-authentication": "true",
        "auth-extra-groups": "system:bootstrappers:slipway",
    }


def test_a_role_is_tied_to_the_issuer() -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme/*"}
    plan = plan_service_account_role(SPEC, name="web", namespace="n", service_account="s", statements=[statement])
    arn = "arn:aws:iam::111122223333:oidc-provider/x"
    recorder = recorded(lambda: ServiceAccountRole("web", plan, issuer_arn=arn))
    role = recorder.inputs("aws:iam/role:Role", "web")
    assert role["assumeRolePolicy"] == plan.trust_policy(arn)
    assert role["name"] == "web.sa.test.example.com"
    assert role["forceDetachPolicies"] is True
    assert recorder.inputs("aws:iam/rolePolicy:RolePolicy", "web") == {
        "name": "own",
        "role": "web.sa.test.example.com",
        "policy": plan.policy,
    }
