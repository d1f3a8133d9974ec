"""What encrypts Secrets, what machines are given for it, and from which way to which a cluster may go."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from infra.plan.control_plane.encryption import (
    encryption_configuration,
    encryption_file,
    encryption_problems,
    refuse_unread,
    wraps_anew,
)
from infra.plan.control_plane.files import member_files
from infra.plan.control_plane.kubeadm import kubeadm_documents
from infra.plan.control_plane.members import plan_members
from infra.plan.control_plane.pki import plan_pki
from infra.plan.iam import plan_group_iam
from infra.plan.node.user_data import render_user_data
from infra.spec import EnvironmentSpec, InstanceGroupSpec, SpecError
from infra.spec.control_plane import SecretsEncryption
from tests.infra.plan.policy_linter import findings
from tests.infra.samples import sample_spec

KEYS = {2: "bmV3", 1: "b2xk"}
LOCAL = {"secretbox": {"keys": [{"name": "key-2", "secret": "bmV3"}, {"name": "key-1", "secret": "b2xk"}]}}
KMS = {
    "kms": {
        "apiVersion": "v2",
        "name": "aws-kms",
        "endpoint": "unix:///run/slipway-kms/provider.sock",
        "timeout": "5s",
    }
}
PLAIN: dict[str, Any] = {"identity": {}}
KEY_ARN = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"


def spec_with(how: str) -> EnvironmentSpec:
    return sample_spec(cluster={"controlPlane": {"secretsEncryption": how}})


def member_of(spec: EnvironmentSpec) -> InstanceGroupSpec:
    return next(group for group in spec.instance_groups if group.role == "ControlPlane")


@pytest.mark.parametrize(
    ("how", "file", "providers"),
    [
        ("secretbox", "encryption.yaml", [LOCAL, PLAIN]),
        ("kmsReadable", "encryption-kms.yaml", [LOCAL, KMS, PLAIN]),
        ("kms", "encryption-kms.yaml", [KMS, LOCAL, PLAIN]),
    ],
)
def test_the_first_encrypts_and_all_decrypt(how: SecretsEncryption, file: str, providers: list[dict[str, Any]]) -> None:
    (rule,) = yaml.safe_load(encryption_configuration(KEYS, how))["resources"]
    assert rule == {"resources": ["secrets"], "providers": providers}
    assert encryption_file(how) == file
    spec = spec_with(how)
    documents = yaml.safe_load_all(kubeadm_documents(spec, plan_members(spec)[0], plan_members(spec)))
    cluster = next(each for each in documents if each["kind"] == "ClusterConfiguration")
    flags = {each["name"]: each["value"] for each in cluster["apiServer"]["extraArgs"]}
    assert flags["encryption-provider-config"] == f"/etc/kubernetes/pki/{file}"
    folders = {each["hostPath"]: each["readOnly"] for each in cluster["apiServer"]["extraVolumes"]}
    assert folders.get("/run/slipway-kms") == (None if how == "secretbox" else True)


def test_machines_from_before_find_what_they_know() -> None:
    """A machine fetches the whole certificate directory at each boot: one without the provider must not wait for it."""
    assert plan_pki(spec_with("secretbox")).encryptions == ("secretbox",)
    assert plan_pki(spec_with("kmsReadable")).encryptions == ("secretbox", "kmsReadable")
    assert plan_pki(spec_with("kms")).encryptions == ("secretbox", "kms")


@pytest.mark.parametrize("how", ["secretbox", "kmsReadable", "kms"])
def test_a_member_has_the_provider_where_it_reads_what_kms_wraps(how: str) -> None:
    spec = spec_with(how)
    files = {file.path: file for file in member_files(spec, member_of(spec))}
    assert json.loads(files["/etc/slipway/member.json"].content)["secretsEncryption"] == how
    config = yaml.safe_load(render_user_data(spec, member_of(spec)))
    enabled = next(command for command in config["runcmd"] if command.startswith("systemctl enable"))
    given = (
        "python3-grpcio" in config["packages"],
        "slipway-kms-provider.service" in enabled,
        "/etc/systemd/system/slipway-kms-provider.service" in files,
        "/usr/local/lib/slipway/kms_provider.py" in files,
        "/etc/slipway/kms-provider.json" in files,
    )
    assert given == (how != "secretbox",) * 5
    for group in spec.instance_groups:
        if group.role != "ControlPlane":
            assert "kms" not in render_user_data(spec, group)
    if how == "kms":
        assert json.loads(files["/etc/slipway/kms-provider.json"].content) == {
            "key": "alias/slipway-state-test",
            "region": "eu-central-1",
            "context": {"slipway:secrets-of": "test.example.com"},
            "socket": "/run/slipway-kms/provider.sock",
        }
        assert files["/usr/local/lib/slipway/kms_provider.py"].executable


def test_a_member_may_wrap_keys_of_its_own_cluster_and_no_one_else_may() -> None:
    for how, allowed in (("secretbox", set()), ("kmsReadable", {"ControlPlane"}), ("kms", {"ControlPlane"})):
        spec = spec_with(how)
        found: dict[str, Any] = {}
        for group in spec.instance_groups:
            statements = json.loads(plan_group_iam(spec, group).state.policy(KEY_ARN))["Statement"]
            for each in statements:
                if each["Sid"] == "WrapKeysOfSecrets":
                    found[group.role] = each
            assert findings(json.dumps({"Version": "2012-10-17", "Statement": statements})) == []
        assert set(found) == allowed
        if allowed:
            assert found["ControlPlane"] == {
                "Sid": "WrapKeysOfSecrets",
                "Effect": "Allow",
                "Action": ["kms:Decrypt", "kms:Encrypt"],
                "Resource": KEY_ARN,
                "Condition": {"StringEquals": {"kms:EncryptionContext:slipway:secrets-of": "test.example.com"}},
            }


@pytest.mark.parametrize(
    ("was", "wanted", "told", "fix"),
    [
        ("secretbox", "secretbox", None, ""),
        ("secretbox", "kmsReadable", None, ""),
        ("kmsReadable", "kmsReadable", None, ""),
        ("kmsReadable", "kms", None, ""),
        ("kms", "kms", None, ""),
        ("kms", "kmsReadable", None, ""),
        ("secretbox", "kms", "cannot follow on secretbox at once: while members are rolled", "write kmsReadable, run"),
        (None, "kms", "cannot follow on secretbox at once", "write kmsReadable, run pulumi up and roll"),
        ("kms", "secretbox", "cannot follow on kms: Secrets that KMS has wrapped", "write kmsReadable, which"),
        ("kmsReadable", "secretbox", "cannot follow on kmsReadable: Secrets", "write kmsReadable, which"),
    ],
)
def test_which_way_may_follow_on_which(was: str | None, wanted: str, told: str | None, fix: str) -> None:
    recorded: dict[str, Any] = {} if was is None else {"controlPlane": {"secretsEncryption": was}}
    problems = [str(each) for each in encryption_problems(spec_with(wanted), recorded)]
    if told is None:
        assert problems == []
    else:
        (line,) = problems
        assert line.startswith(f"cluster.controlPlane.secretsEncryption: '{wanted}' {told}")
        assert f"Fix: {fix}" in line
    assert wraps_anew(spec_with(wanted), recorded) is (wanted == "kms" != was)


def test_kms_waits_for_every_member_that_cannot_read_it() -> None:
    refuse_unread(spec_with("kms"), {"a": "kmsReadable", "b": "kms"})
    with pytest.raises(SpecError) as caught:
        refuse_unread(spec_with("kms"), {"c": "secretbox", "a": None, "b": "kmsReadable"})
    assert "'kms' must wait for a, c, which cannot read yet what KMS wraps" in str(caught.value)
    assert "run slipway roll test until it is done" in str(caught.value)
