"""What a volume leaves when it is deleted."""

from __future__ import annotations

from rehearsal.providers.aws.lifecycle import Lifecycle
from rehearsal.providers.aws.naming import tag_list
from rehearsal.providers.aws.session import Aws
from rehearsal.providers.aws.types import KINDS


def test_the_last_snapshot_has_the_tags_by_which_the_volume_was_found(aws: Aws) -> None:
    volumes = Lifecycle(KINDS["aws:ebs/volume:Volume"], aws)
    tags = {"Name": "etcd.a", "KubernetesCluster": "one.example.com"}
    inputs = {"availabilityZone": f"{aws.region}a", "size": 8, "finalSnapshot": True, "tags": tags}
    identifier, state = volumes.create(inputs, preview=False)
    volumes.delete(identifier, state)
    kept = aws.call("ec2", "describe_snapshots", Filters=[{"Name": "volume-id", "Values": [identifier]}])
    (snapshot,) = kept["Snapshots"]
    assert sorted(snapshot["Tags"], key=str) == sorted(tag_list(tags), key=str)
