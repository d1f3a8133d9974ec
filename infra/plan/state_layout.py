"""Where things are kept in the state bucket: kops's layout of a state store, and Pulumi's own folder beside it.

Keys of groups are made of the name a group was created under: a rename then moves no object, changes no machine's
user-data and no role's permission.
"""

from __future__ import annotations

from infra.plan.naming import group_identity
from infra.spec import EnvironmentSpec, InstanceGroupSpec

PULUMI_FOLDERS = (".pulumi/stacks/", ".pulumi/history/", ".pulumi/locks/")
"""Folders of Pulumi's own state in a bucket (``pkg/backend/diy/store.go`` and ``lock.go`` of the engine), except
``.pulumi/backups/``, whose objects are written once and kept."""

_ROLE_FOLDERS = {"ControlPlane": "control-plane", "Node": "node", "Edge": "edge"}


def config_key(spec: EnvironmentSpec) -> str:
    """Return the key of the cluster's own record."""
    return config_key_of(spec.cluster.name)


def config_key_of(cluster: str) -> str:
    """Return the key of the record of a cluster of this name."""
    return f"{cluster}/config"


def instance_groups_prefix(spec: EnvironmentSpec) -> str:
    """Return the prefix of the records of all instance groups."""
    return instance_groups_prefix_of(spec.cluster.name)


def instance_groups_prefix_of(cluster: str) -> str:
    """Return the prefix of the records of all instance groups of a cluster of this name."""
    return f"{cluster}/instancegroup/"


def instance_group_key(spec: EnvironmentSpec, group: InstanceGroupSpec) -> str:
    """Return the key of an instance group's record."""
    return f"{instance_groups_prefix(spec)}{group_identity(group)}"


def igconfigs_prefix(spec: EnvironmentSpec) -> str:
    """Return the prefix of what the machines of all groups read."""
    return f"{spec.cluster.name}/igconfig/"


def igconfig_prefix(spec: EnvironmentSpec, group: InstanceGroupSpec) -> str:
    """Return the prefix of what the machines of one group read: a worker may read nothing else."""
    return f"{igconfigs_prefix(spec)}{_ROLE_FOLDERS[group.role]}/{group_identity(group)}/"


def pki_prefix(spec: EnvironmentSpec) -> str:
    """Return the prefix of the cluster's CAs and keys: only control-plane members may read it."""
    return f"{spec.cluster.name}/pki/"


def manifests_prefix(spec: EnvironmentSpec) -> str:
    """Return the prefix of the manifests of the cluster's own components."""
    return f"{spec.cluster.name}/manifests/"


def backups_prefix(spec: EnvironmentSpec) -> str:
    """Return the prefix of all backups. No rule of the bucket may touch what is below it."""
    return f"{spec.cluster.name}/backups/"


def etcd_backup_prefix(spec: EnvironmentSpec) -> str:
    """Return the prefix of etcd snapshots."""
    return f"{backups_prefix(spec)}etcd/"


def locks_prefix(spec: EnvironmentSpec) -> str:
    """Return the prefix of the locks of Slipway's own operations. Pulumi's lie in its own folder."""
    return f"{spec.cluster.name}/locks/"


def roll_lock_key(spec: EnvironmentSpec) -> str:
    """Return the key of the object that one rolling update at a time holds."""
    return f"{locks_prefix(spec)}roll.json"


def running_prefix(spec: EnvironmentSpec) -> str:
    """Return the prefix of what control-plane members say of themselves."""
    return f"{spec.cluster.name}/running/"


def running_key(spec: EnvironmentSpec, member: str) -> str:
    """Return the key by which a member says which version it runs: it may write this object and no other's."""
    return f"{running_prefix(spec)}{member}.json"


def etcd_member_prefix(spec: EnvironmentSpec, member: str) -> str:
    """Return the prefix of the control files that say that an etcd member has had data, one for each etcd CA."""
    return f"{etcd_backup_prefix(spec)}members/{member}"
