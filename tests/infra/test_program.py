"""The whole program under mocks: what it registers is what the plan's inventory says, and under which names."""

from __future__ import annotations

import base64
import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest

from infra.plan.environment import plan_environment
from infra.plan.inventory import inventory
from infra.plan.state_layout import config_key, running_key
from infra.program import declare
from infra.spec import SpecError, load
from infra.testing.account import OUTPUTS, answers
from infra.testing.recorder import CallFailed, Recorder, record
from tests.infra.plan.edge.samples import edge_spec
from tests.infra.programs import declared, names_of, stack_files
from tests.infra.samples import sample_spec, with_group

GOLDEN = Path(__file__).parent / "golden" / "resource-names.txt"


HOW_TO_RENAME = """
These resources would be deleted, and others created, in every environment that lives. Keep their names, or give the
resource (a component's children follow it) an alias that says what it was called:

    opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old-name")]))

`pulumi.Alias(parent=...)` and `pulumi.Alias(type_=...)` are for one that moved under another component or changed its
type. See tests/e2e/test_rename.py, which does it to an environment. Then SLIPWAY_UPDATE_GOLDEN=1 writes the new names.
"""


@pytest.mark.parametrize("path", stack_files(), ids=lambda path: path.stem)
def test_the_inventory_counts_what_the_program_registers(path: Path) -> None:
    spec = load(path, path.stem.removeprefix("Pulumi."))
    registered = Counter(token for token, _ in declared(spec).resources)
    expected = dict(inventory(plan_environment(spec)))
    # The stack itself is the engine's, and mocks do not record it.
    expected.pop("pulumi:pulumi:Stack")
    registered.pop("pulumi:pulumi:Stack", None)
    assert dict(registered) == expected


@pytest.mark.parametrize(("count", "nat"), [(1, "none"), (2, "single"), (6, "perZone")])
def test_the_inventory_follows_zones_and_nat(count: int, nat: str) -> None:
    zones = [f"eu-central-1{letter}" for letter in "abcdef"[:count]]
    spec = sample_spec(network={"zones": zones, "nat": nat})
    registered = Counter(token for token, _ in declared(spec).resources)
    expected = {token: n for token, n in inventory(plan_environment(spec)).items() if token != "pulumi:pulumi:Stack"}
    registered.pop("pulumi:pulumi:Stack", None)
    assert dict(registered) == expected


def test_no_resource_loses_the_name_under_which_it_lives() -> None:
    """A renamed resource is a deleted and a created one, unless it carries an alias. Names may be added freely.

    Set SLIPWAY_UPDATE_GOLDEN=1 to write the names down anew, once every vanished one is an alias of its successor.
    """
    recorder = declared(sample_spec(cluster={"namespaces": [{"name": "web", "quota": {"pods": 5}}]}))
    names = names_of(recorder)
    if os.environ.get("SLIPWAY_UPDATE_GOLDEN") == "1":
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text("\n".join(names) + "\n", encoding="utf-8")
    known = set(GOLDEN.read_text(encoding="utf-8").splitlines())
    aliases = {alias.spec.name for request in recorder.requests.values() for alias in request.aliases}
    vanished = {name for name in known - set(names) if name.rpartition("::")[2] not in aliases}
    assert vanished == set(), HOW_TO_RENAME
    assert len(known) > 90


def test_the_control_plane_and_every_other_group_is_protected_until_retired() -> None:
    recorder = declared(sample_spec())
    token = "aws:autoscaling/group:Group"
    assert {name: recorder.options(token, name).protect for name in recorder.names(token)} == {
        "control-plane-a": True,
        "nodes": True,
        "edge": True,
    }


def test_only_credentials_of_the_environments_account_are_used() -> None:
    provider = declared(sample_spec()).inputs("pulumi:providers:aws", "aws")
    assert provider["region"] == "eu-central-1"
    assert provider["allowedAccountIds"] == '["111122223333"]'
    assert "skipRequestingAccountId" not in provider


def test_the_cluster_is_reached_by_a_certificate_of_its_own_authority() -> None:
    recorder = declared(sample_spec())
    provider = recorder.inputs("pulumi:providers:kubernetes", "kubernetes")
    # A rotated CA must not replace what is in the cluster.
    assert provider["clusterIdentifier"] == sample_spec().cluster.name
    config = json.loads(revealed(provider["kubeconfig"]))
    name = sample_spec().cluster.name
    assert config["current-context"] == name
    assert config["clusters"][0]["cluster"]["server"] == "https://balancer.elb.amazonaws.com:443"
    user = config["users"][0]["user"]
    assert base64.b64decode(user["client-certificate-data"]) == b"certificate\n"
    assert base64.b64decode(user["client-key-data"]) == b"private key\n"


def test_a_changed_config_map_is_changed_in_place() -> None:
    """Without it the provider deletes each and makes it anew, and pods that start meanwhile wait for it."""
    provider = declared(sample_spec()).inputs("pulumi:providers:kubernetes", "kubernetes")
    assert provider["enableConfigMapMutable"] == "true"


def test_nothing_is_put_into_the_cluster_before_a_member_answers() -> None:
    request = declared(sample_spec()).requests["pulumi:providers:kubernetes", "kubernetes"]
    assert any("aws:autoscaling/group:Group::control-plane-a" in urn for urn in request.dependencies)


@pytest.mark.parametrize("access", ["internal", "public"])
def test_nothing_is_put_into_the_cluster_before_whoever_updates_it_is_let_in(access: str) -> None:
    """Where the API closes to the internet, the one inside the VPC lets its callers in by rules that are new."""
    api = {"access": access, "allowedCidrs": ["203.0.113.0/24"]}
    recorder = declared(sample_spec(cluster={"api": api}))
    rule = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    (let_in,) = (
        name for name in recorder.names(rule) if recorder.inputs(rule, name).get("cidrIpv4") == "203.0.113.0/24"
    )
    waits = recorder.requests["aws:autoscaling/group:Group", "control-plane-a"].dependencies
    assert any(urn.endswith(f"{rule}::{let_in}") for urn in waits)


@pytest.mark.parametrize("group", ["control-plane-a", "nodes", "edge"])
def test_machines_wait_for_what_their_group_reads_and_for_no_other_groups(group: str) -> None:
    """Each group waiting for all groups' objects makes the program's cost grow with the square of their number."""
    request = declared(sample_spec()).requests["aws:autoscaling/group:Group", group]
    waits = {urn.rpartition("::")[2] for urn in request.dependencies if "BucketObjectv2::" in urn}
    assert {name for name in waits if name.endswith(".json")} == {f"{group}/files.json", f"{group}/join.json"}
    assert not any(name.startswith("instancegroup/") for name in waits)


def revealed(value: Any) -> str:
    """Return what is inside a secret as it goes over the wire."""
    assert isinstance(value, dict), value
    return str(value["value"])


def test_an_unsupported_jump_stops_the_program_before_it_declares_anything() -> None:
    with pytest.raises(SpecError, match=r"'1\.37\.2' is 3 minor versions above 1\.34\.1"):
        declared(sample_spec(), "1.34.1")
    assert declared(sample_spec(), "1.36.0").names("aws:ec2/vpc:Vpc") == {"network"}


def test_another_network_of_pods_stops_the_program_before_it_declares_anything() -> None:
    made_with = {"cni": "cilium", "podCidr": "100.96.0.0/11", "serviceCidr": "100.64.0.0/13"}
    with pytest.raises(SpecError, match=r"cluster\.podCidr: '10\.128\.0\.0/14' cannot follow on 100\.96\.0\.0/11"):
        declared(sample_spec(cluster={"podCidr": "10.128.0.0/14"}), "1.37.2", network=made_with)
    assert declared(sample_spec(), "1.37.2", network=made_with).names("aws:ec2/vpc:Vpc") == {"network"}


def test_what_takes_two_updates_stops_the_program_before_it_declares_anything() -> None:
    with pytest.raises(SpecError, match=r"edge\.internal: true cannot follow on false at once"):
        declared(edge_spec(internal=True), "1.37.2", edge={"internal": False, "deletionProtection": True})


def test_an_image_that_is_not_there_stops_the_program_before_it_declares_anything() -> None:
    """What is declared is made: records of groups were written with an image that no launch template could have."""

    def nothing(_: Mapping[str, Any]) -> Mapping[str, Any]:
        raise CallFailed("Your query returned no results.")

    spec = with_group(image="ami-0fedcba9876543210")
    recorder = Recorder(OUTPUTS, {**answers(spec), "aws:ec2/getAmi:getAmi": nothing})
    with pytest.raises(SpecError, match=r"'ami-0fedcba9876543210' led to no image for group nodes"):
        record(lambda: declare(spec), recorder)
    assert set(recorder.resources) == {("pulumi:providers:aws", "aws")}


@pytest.mark.parametrize(
    ("which", "text", "words"),
    [
        ("config", "", "gives no content of an object of the type binary/octet-stream"),
        ("config", "spec: {}", "it has no 'cluster'. Fix: bring the version before it back"),
        ("note", "", "--metadata-directive REPLACE --content-type application/json."),
        ("note", "{}", "it has no 'kubernetesVersion'. Fix: bring the version before it back"),
    ],
)
def test_a_record_that_cannot_be_read_is_named_with_what_to_do(which: str, text: str, words: str) -> None:
    """Members' notes had no content type: each second upgrade would have ended in a traceback on AWS."""
    spec = sample_spec()
    config, note = config_key(spec), running_key(spec, "control-plane-a")
    held = {config: json.dumps({"spec": {"cluster": {"kubernetesVersion": "1.36.4"}}}), note: "{}"}
    held[note if which == "note" else config] = text
    told = answers(spec, held)
    told["aws:s3/getObject:getObject"] = lambda given: {
        "body": held[given["key"]],
        "contentType": "binary/octet-stream",
    }
    recorder = Recorder(OUTPUTS, told)
    with pytest.raises(pulumi.RunError) as caught:
        record(lambda: declare(spec), recorder)
    assert str(caught.value).startswith(
        f"s3://acme-slipway-test/{note if which == 'note' else config} cannot be read: "
    )
    assert words in str(caught.value)
    assert set(recorder.resources) == {("pulumi:providers:aws", "aws")}


def test_what_members_have_noted_counts_and_not_what_was_declared_and_never_rolled() -> None:
    with pytest.raises(SpecError, match=r"2 minor versions above 1\.35\.4, which the cluster runs"):
        declared(sample_spec(), "1.36.4", control_plane_a="1.35.4")
    back = sample_spec(cluster={"kubernetesVersion": "1.36.4"})
    assert declared(back, "1.37.2", control_plane_a="1.36.0").names("aws:ec2/vpc:Vpc") == {"network"}
    # Of a member that is declared no more nothing is asked.
    assert declared(sample_spec(), "1.36.4", former="1.30.0").names("aws:ec2/vpc:Vpc") == {"network"}


READABLE = {"controlPlane": {"secretsEncryption": "kmsReadable"}}


def test_kms_wraps_secrets_once_what_members_have_noted_reads_them() -> None:
    spec = sample_spec(cluster={"controlPlane": {"secretsEncryption": "kms"}})
    reads = {"kubernetesVersion": "1.37.2", "secretsEncryption": "kmsReadable"}
    with pytest.raises(SpecError, match=r"must wait for control-plane-a, which cannot read yet"):
        declared(spec, "1.37.2", network=READABLE)
    with pytest.raises(SpecError, match=r"must wait for control-plane-a, which cannot read yet"):
        declared(spec, "1.37.2", network=READABLE, control_plane_a="1.37.2")
    with pytest.raises(SpecError, match=r"'kms' cannot follow on secretbox at once"):
        declared(spec, "1.37.2", control_plane_a=reads)
    found = declared(spec, "1.37.2", network=READABLE, control_plane_a=reads)
    assert "encryption-kms.yaml" in found.names("aws:s3/bucketObjectv2:BucketObjectv2")
    # A new cluster has no Secrets and no members yet, and one that wraps already asks nobody.
    assert "encryption-kms.yaml" in declared(spec).names("aws:s3/bucketObjectv2:BucketObjectv2")
    calls = declared(spec, "1.37.2", network={"controlPlane": {"secretsEncryption": "kms"}}).invoked
    assert sum(token == "aws:s3/getObject:getObject" for token, _ in calls) == 1


def test_without_another_version_no_note_is_read() -> None:
    calls = declared(sample_spec(), "1.37.2", control_plane_a="1.30.0").invoked
    assert [given["key"] for token, given in calls if token == "aws:s3/getObject:getObject"] == [
        "test.example.com/config"
    ]
