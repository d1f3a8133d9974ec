"""What a control-plane member is made of: the very files its machine would fetch from the state bucket."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.plan.control_plane.encryption import PROVIDER_CONFIG, PROVIDER_PROGRAM, encryption_configuration
from infra.plan.control_plane.files import KUBEADM_FILE, member_files
from infra.plan.control_plane.kubeadm import CONFIG_FOLDER
from infra.plan.control_plane.members import control_plane_groups
from infra.plan.join import ApiAddress, names
from infra.plan.naming import group_identity
from infra.plan.node.assets import LIBRARY
from infra.plan.node.document import JOIN_NAME
from infra.plan.state_layout import igconfig_prefix, pki_prefix
from infra.spec import EnvironmentSpec, from_mapping
from infra.spec.instance_group import InstanceGroupSpec

_FILES: Final = "files-"

KUBERNETES_VERSION = "1.37.2"
"""Version of the programs of a rehearsal, or another patch of it: the one that the toolchain pins."""


@dataclass(frozen=True)
class Provider:
    """The program that wraps the keys of Secrets by KMS, and what it is told."""

    program: str
    config: str


@dataclass(frozen=True)
class Member:
    """One member. `kubeadm` is its kubeadm configuration, names filled in but for the node's own.

    `volume` is the etcd volume that it mounts: with another one, it has other data.
    `config` has the documents of `/etc/kubernetes/config` and `pki` the files of `/etc/kubernetes/pki` that members
    share, by their paths below. Without a CA among them, kubeadm makes one. `provider` is its provider of KMS, where it
    has one.
    """

    cluster_name: str
    volume: str
    kubeadm: str
    config: Mapping[str, str]
    pki: Mapping[str, bytes]
    provider: Provider | None = None


def rehearsed_member(
    spec: EnvironmentSpec, volumes: Mapping[str, str], has_data: Callable[[str], bool]
) -> tuple[InstanceGroupSpec, str] | None:
    """Return the member that stands for the whole control plane, and its volume; None where there is none yet.

    It is the first by name that has data here (``has_data`` says so of a volume): a member that is added may have a
    name before those of the others, and its volume is empty. ``volumes`` are those that there are, by member.
    """
    groups = [group for group in control_plane_groups(spec) if group_identity(group) in volumes]
    found = [(group, volumes[group_identity(group)]) for group in groups]
    return next((each for each in found if has_data(each[1])), found[0] if found else None)


def from_bucket(s3: Any, spec: EnvironmentSpec, group: InstanceGroupSpec, volume: str) -> Member | None:
    """Return a member of an environment as its state bucket has it; None when it is not written yet."""
    bucket = spec.state.bucket
    prefix = igconfig_prefix(spec, group)
    documents = [each for each in _listed(s3, bucket, prefix) if each["Key"].startswith(f"{prefix}{_FILES}")]
    join = _read(s3, bucket, f"{prefix}{JOIN_NAME}")
    pki = {
        each["Key"].removeprefix(pki_prefix(spec)): _read(s3, bucket, each["Key"]) or b""
        for each in _listed(s3, bucket, pki_prefix(spec))
    }
    if not documents or join is None or "ca.crt" not in pki or "encryption.yaml" not in pki:
        return None
    # While an update replaces it there are two, and the new one is what a machine that starts now would be given.
    newest = max(documents, key=lambda each: each["LastModified"])["Key"]
    files = json.loads(_read(s3, bucket, newest) or b'{"files": []}')["files"]
    written = {file["path"]: str(file["content"]) for file in files}
    return _member((spec.cluster.name, volume), written, json.loads(join)["names"], pki)


def standalone(cluster_name: str, service_range: str) -> Member:
    """Return a member of a cluster that no environment declares, for tests and benchmarks of what talks to one."""
    spec = from_mapping(_smallest_environment(cluster_name, service_range), "standalone")
    written = {file.path: file.content for file in member_files(spec, control_plane_groups(spec)[0])}
    address = ApiAddress(f"api.{cluster_name}", None)
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return _member(
        (cluster_name, "standalone"),
        written,
        names(address),
        {"encryption.yaml": encryption_configuration({1: key}, "secretbox").encode()},
    )


def _member(
    identity: tuple[str, str], written: Mapping[str, str], words: Mapping[str, str], pki: Mapping[str, bytes]
) -> Member:
    kubeadm = written[KUBEADM_FILE]
    for word, value in words.items():
        kubeadm = kubeadm.replace(word, value)
    prefix = f"{CONFIG_FOLDER}/"
    config = {path.removeprefix(prefix): text for path, text in written.items() if path.startswith(prefix)}
    provider = (
        Provider(written[f"{LIBRARY}/{PROVIDER_PROGRAM}"], written[PROVIDER_CONFIG])
        if PROVIDER_CONFIG in written
        else None
    )
    return Member(*identity, kubeadm, config, pki, provider)


def _listed(s3: Any, bucket: str, prefix: str) -> list[dict[str, Any]]:
    try:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [item for page in pages for item in page.get("Contents", [])]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            return []
        raise


def _read(s3: Any, bucket: str, key: str) -> bytes | None:
    try:
        return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket"):
            return None
        raise


def _smallest_environment(cluster_name: str, service_range: str) -> dict[str, Any]:
    return {
        "accountId": "123456789012",
        "region": "eu-central-1",
        "state": {"bucket": "slipway-state-standalone"},
        "network": {"cidr": "10.20.0.0/16", "zones": ["eu-central-1a"], "nat": "single"},
        "cluster": {"name": cluster_name, "kubernetesVersion": KUBERNETES_VERSION, "serviceCidr": service_range},
        "instanceGroups": [{"name": "a", "role": "ControlPlane", "zones": ["eu-central-1a"]}],
    }
