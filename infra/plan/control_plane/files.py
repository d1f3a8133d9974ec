"""The files that make a machine a member of the control plane."""

from __future__ import annotations

import ipaddress
import json

import yaml

from infra.plan.control_plane.authentication import authentication
from infra.plan.control_plane.encryption import (
    PROVIDER_CONFIG,
    PROVIDER_PROGRAM,
    PROVIDER_UNIT,
    provider_config,
    reads_kms,
)
from infra.plan.control_plane.kubeadm import CONFIG_FOLDER, ETCD_DATA, kubeadm_documents
from infra.plan.control_plane.members import ETCD_MOUNT, VOLUME_DEVICE, MemberPlan, initial_cluster, plan_members
from infra.plan.control_plane.template import template
from infra.plan.naming import MEMBER_TAG, group_identity
from infra.plan.node.assets import LIBRARY, UNITS, NodeFile, asset
from infra.plan.node.yaml_text import yaml_text
from infra.plan.state_layout import etcd_backup_prefix, etcd_member_prefix, pki_prefix, running_key
from infra.plan.subnets import zone_blocks
from infra.plan.tags import CLUSTER_TAG
from infra.spec import EnvironmentSpec, InstanceGroupSpec
from infra.spec.control_plane import AuditProfile

KUBEADM_FILE = "/etc/slipway/kubeadm.yaml"
"""Before what only the machine knows is filled in."""

MEMBER_UNIT = "slipway-member.service"
BACKUP_UNITS = ("slipway-etcd-backup.service", "slipway-etcd-backup.timer")
RENEWAL_UNITS = ("slipway-certificates.service", "slipway-certificates.timer")


def member_files(spec: EnvironmentSpec, group: InstanceGroupSpec) -> tuple[NodeFile, ...]:
    """Return the files of the member that the group's machine is, in the order in which they are written."""
    members = plan_members(spec)
    member = next(each for each in members if each.name == group_identity(group))
    return (
        NodeFile("/etc/slipway/member.json", _facts(spec, member, members)),
        NodeFile("/etc/slipway/member-volumes", f"{VOLUME_DEVICE.removeprefix('/dev/')} {ETCD_MOUNT}\n"),
        NodeFile(KUBEADM_FILE, kubeadm_documents(spec, member, members)),
        NodeFile(f"{CONFIG_FOLDER}/audit-policy.yaml", audit_policy(spec.cluster.control_plane.audit.profile)),
        NodeFile(f"{CONFIG_FOLDER}/authentication.yaml", authentication(spec)),
        NodeFile(f"{LIBRARY}/member.py", template("member.py"), executable=True),
        NodeFile(f"{LIBRARY}/mount-volumes.sh", asset("mount-volumes.sh"), executable=True),
        NodeFile(f"{UNITS}/{MEMBER_UNIT}", template(MEMBER_UNIT)),
        NodeFile(f"{LIBRARY}/etcd_backup.py", template("etcd_backup.py"), executable=True),
        NodeFile(f"{LIBRARY}/renew_certificates.py", template("renew_certificates.py"), executable=True),
        *(NodeFile(f"{UNITS}/{unit}", template(unit)) for unit in (*BACKUP_UNITS, *RENEWAL_UNITS)),
        *(_provider_files(spec) if reads_kms(spec) else ()),
    )


def _provider_files(spec: EnvironmentSpec) -> tuple[NodeFile, ...]:
    return (
        NodeFile(PROVIDER_CONFIG, provider_config(spec)),
        NodeFile(f"{LIBRARY}/{PROVIDER_PROGRAM}", template(PROVIDER_PROGRAM), executable=True),
        NodeFile(f"{UNITS}/{PROVIDER_UNIT}", template(PROVIDER_UNIT)),
    )


def audit_policy(profile: AuditProfile) -> str:
    """Return the API server's audit policy as YAML. The first rule that matches a request decides."""
    metadata = template("audit-metadata.yaml")
    if profile == "metadata":
        return metadata
    policy = yaml.safe_load(metadata)
    *rules, rest = policy["rules"]
    return yaml_text({**policy, "rules": [*rules, *yaml.safe_load(template("audit-request.yaml")), rest]})


def _facts(spec: EnvironmentSpec, member: MemberPlan, members: tuple[MemberPlan, ...]) -> str:
    blocks = next(each for each in zone_blocks(spec.network) if each.zone == member.zone)
    subnet = ipaddress.IPv4Network(blocks.of(member.subnet_kind))
    facts = {
        "name": member.name,
        "address": member.address,
        "prefixLength": subnet.prefixlen,
        # AWS's router has the second address of every subnet (VPC User Guide, "Subnet sizing").
        "gateway": str(subnet[1]),
        # With amazonVpc pods have addresses of the VPC, and its own rules lead to them.
        "pods": spec.cluster.pod_cidr if spec.cluster.cni == "cilium" else None,
        "device": VOLUME_DEVICE,
        "data": ETCD_DATA,
        "tags": {CLUSTER_TAG: spec.cluster.name, MEMBER_TAG: member.name},
        "bucket": spec.state.bucket,
        "pki": pki_prefix(spec),
        "backups": etcd_backup_prefix(spec),
        "initialCluster": initial_cluster(members),
        "token": spec.cluster.name,
        "peerUrl": member.peer_url,
        "marker": etcd_member_prefix(spec, member.name),
        "kubeadm": KUBEADM_FILE,
        "running": running_key(spec, member.name),
        "version": spec.cluster.kubernetes_version,
        "secretsEncryption": spec.cluster.control_plane.secrets_encryption,
    }
    return json.dumps(facts, indent=1) + "\n"
