"""What cannot be made again: the resources whose replacement or deletion loses data, keys or addresses.

One table, by type, for every command and rule that must stop before such a thing: the preview report, the policy
pack. A type that is not here can be made again from the program.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Stateful:
    """A type of resource that holds something."""

    type: str
    """Pulumi type token."""
    holds: str
    """What is lost with it, as a phrase after "holds"."""
    where: str = ""
    """A property that tells those which hold something from others of the type; "" for all."""
    matching: str = ""
    """Regular expression that the property contains."""
    protect: bool = False
    """Whether the program must protect it, so that the engine refuses to delete it."""


GROUP_TYPE = "aws:autoscaling/group:Group"
OBJECT_TYPE = "aws:s3/bucketObjectv2:BucketObjectv2"

STATEFUL: tuple[Stateful, ...] = (
    Stateful(
        "aws:s3/bucket:Bucket", "every object in it: Pulumi's state, cluster configuration, backups", protect=True
    ),
    Stateful(
        "aws:s3/bucketV2:BucketV2", "every object in it: Pulumi's state, cluster configuration, backups", protect=True
    ),
    Stateful("aws:s3/bucketVersioning:BucketVersioning", "the versions that recovery goes back to"),
    Stateful(OBJECT_TYPE, "a key, a backup or etcd's snapshot", "key", r"(^|/)(pki|backups)/"),
    Stateful("aws:s3/bucketObject:BucketObject", "a key, a backup or etcd's snapshot", "key", r"(^|/)(pki|backups)/"),
    Stateful(
        "aws:kms/key:Key",
        "the key without which the state bucket, its backups and volumes cannot be read",
        protect=True,
    ),
    Stateful("aws:ebs/volume:Volume", "a disk: etcd's data, where it is a control-plane member's", protect=True),
    Stateful("aws:ebs/snapshot:Snapshot", "a disk's backup"),
    Stateful(
        "aws:ec2/networkInterface:NetworkInterface",
        "the address by which etcd's other members know this one",
        protect=True,
    ),
    Stateful("aws:ec2/eip:Eip", "a public address that others may have allowed or entered in DNS"),
    Stateful("aws:route53/zone:Zone", "the name servers that a domain is delegated to, and its records"),
    Stateful("aws:efs/fileSystem:FileSystem", "files"),
    Stateful("aws:rds/instance:Instance", "a database"),
    Stateful("aws:rds/cluster:Cluster", "a database"),
    Stateful("aws:dynamodb/table:Table", "a table's items"),
    Stateful("aws:secretsmanager/secret:Secret", "a secret"),
    Stateful("aws:ssm/parameter:Parameter", "a secret", "type", r"^SecureString$"),
    Stateful("aws:sqs/queue:Queue", "messages nobody has read yet"),
    Stateful("aws:cloudwatch/logGroup:LogGroup", "logs"),
    Stateful("tls:index/privateKey:PrivateKey", "a private key: all that it signed is worth nothing after it"),
    Stateful(
        "tls:index/selfSignedCert:SelfSignedCert",
        "a certificate authority: all it signed stops being trusted",
        protect=True,
    ),
    Stateful("random:index/randomBytes:RandomBytes", "a key"),
    Stateful("kubernetes:apps/v1:StatefulSet", "claims to volumes", "volumeClaimTemplates", r"."),
    Stateful("kubernetes:core/v1:PersistentVolumeClaim", "a claim: with the usual reclaim policy its volume goes, too"),
    Stateful("kubernetes:core/v1:PersistentVolume", "a volume"),
    Stateful("kubernetes:core/v1:Namespace", "every object in the namespace, claims to volumes among them"),
    Stateful(
        "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "every object of the kind it defines, everywhere"
    ),
    Stateful("kubernetes:core/v1:Secret", "a secret"),
)
"""Nothing stands here by name alone, so that no renaming slips through. A ``RandomPassword`` is not here: what the
cluster makes of them, its join tokens, is renewed in due time."""

_BY_TYPE: Mapping[str, Stateful] = {entry.type: entry for entry in STATEFUL}


def stateful(type_token: str, inputs: Mapping[str, Any]) -> Stateful | None:
    """Return what a resource holds; None for what can be made again."""
    entry = _BY_TYPE.get(type_token)
    if entry is None or not entry.where:
        return entry
    value = _find(inputs, entry.where)
    return entry if value not in (None, "", [], {}) and re.search(entry.matching, str(value)) else None


def _find(inputs: Mapping[str, Any], key: str) -> Any:
    """Return a property, or the same of a Kubernetes object's ``spec``."""
    if key in inputs:
        return inputs[key]
    spec = inputs.get("spec")
    return spec.get(key) if isinstance(spec, Mapping) else None
