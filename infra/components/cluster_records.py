"""The cluster's records in the state bucket."""

from __future__ import annotations

from collections import defaultdict

import pulumi
import pulumi_aws as aws

from infra.plan.join import ApiAddress
from infra.plan.records import CLUSTER_RECORD, JoinRecordPlan, RecordsPlan


class ClusterRecords(pulumi.ComponentResource):
    """Maps a :class:`RecordsPlan` to objects in the state bucket.

    Args:
        name: logical name.
        plan: the records.
        bucket: the state bucket.
        address: names of the API.
        authority: certificates of the CAs that machines trust, in PEM.
        token: bootstrap token.
        opts: as for any component.
    """

    def __init__(
        self,
        name: str,
        plan: RecordsPlan,
        *,
        bucket: pulumi.Input[str],
        address: pulumi.Output[ApiAddress],
        authority: pulumi.Output[str],
        token: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:index:ClusterRecords", name, None, opts)
        # In a bucket with versions the provider deletes all versions of an object, and recovery needs them. But the
        # record of the cluster itself goes with it: by it the program knows that there is one, and of which version.
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, retain_on_delete=True)
        known: list[tuple[str, str, pulumi.Input[str], str]] = [
            (each.name, each.key, each.content, each.content_type) for each in plan.records
        ]
        later: list[tuple[str, str, pulumi.Input[str], str]] = [
            (each.name, each.key, _content(each, address, authority, token), "application/json") for each in plan.joins
        ]
        made: dict[str, pulumi.Resource] = {
            record: aws.s3.BucketObjectv2(
                record,
                bucket=bucket,
                key=key,
                content=content,
                content_type=content_type,
                opts=child if record == CLUSTER_RECORD else kept,
            )
            for record, key, content, content_type in [*known, *later]
        }
        self.read_by: dict[str, list[pulumi.Resource]] = defaultdict(list)
        """Identity of a group -> what its machines read when they boot. Were each group to wait for all objects, a
        thousand groups would be three million dependencies."""
        readers = {record.name: record.group for record in plan.records} | {
            join.name: join.group for join in plan.joins
        }
        for record, group in readers.items():
            if group is not None:
                self.read_by[group].append(made[record])
        self.register_outputs({})


def _content(
    join: JoinRecordPlan, address: pulumi.Output[ApiAddress], authority: pulumi.Output[str], token: pulumi.Output[str]
) -> pulumi.Output[str]:
    if join.is_member:
        return address.apply(lambda known: join.content(known, "", ""))
    joined = pulumi.Output.all(address, authority, token).apply(lambda known: join.content(*known))
    return pulumi.Output.secret(joined)
