"""What all resource types of EC2 share: described by id, tagged at creation and by id later."""

from __future__ import annotations

from typing import Any, ClassVar

from rehearsal.providers.aws.kind import Kind, Props, change_tags, find_one
from rehearsal.providers.aws.naming import tag_list, tag_map
from rehearsal.providers.aws.session import Aws


class Ec2Kind(Kind):
    """A resource type with an id, a describe call and tags."""

    service = "ec2"
    described_by: ClassVar[tuple[str, str, str]]
    """Operation, key of the result, and parameter that takes the ids."""
    resource_type: ClassVar[str]
    """EC2's name of the type in tag specifications."""
    arn_type: ClassVar[str | None] = None
    """Name of the type in ARNs; None where the vendor gives no ARN."""

    def item(self, aws: Aws, identifier: str) -> dict[str, Any] | None:
        """Return what EC2 says of it, or None."""
        operation, result, ids = self.described_by
        return find_one(aws, "ec2", operation, result, self.gone, **{ids: [identifier]})

    def tags_in(self, inputs: Props) -> list[dict[str, Any]] | None:
        """Return the tag specification of a creation; None without tags, which EC2 wants left out."""
        tags = inputs.get("tags")
        return [{"ResourceType": self.resource_type, "Tags": tag_list(tags)}] if tags else None

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        """Return what EC2 says, with tags and ARN."""
        item = self.item(aws, identifier)
        if item is None:
            return None
        state = {**self.state(aws, item), "tags": tag_map(item.get("Tags"))}
        if self.arn_type is not None:
            owner = item.get("OwnerId") or aws.account
            state["arn"] = f"arn:{aws.partition}:ec2:{aws.region}:{owner}:{self.arn_type}/{identifier}"
            state.setdefault("ownerId", owner)
        return state

    def state(self, aws: Aws, item: dict[str, Any]) -> Props:
        """Return the properties of one described item."""
        raise NotImplementedError

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        """Change tags, then the rest."""
        if "tags" in changed:
            retag(aws, identifier, old.get("tags") or {}, new.get("tags") or {})
        if changed - {"tags"}:
            self.modify(aws, identifier, new, changed - {"tags"}, old)

    def modify(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        """Change what is not a tag."""
        raise NotImplementedError(f"{self.token} has nothing but tags that can be changed in place: {sorted(changed)}")


def retag(aws: Aws, identifier: str, old: Props, new: Props) -> None:
    """Bring the tags of an EC2 resource from ``old`` to ``new``."""
    put, removed = change_tags(old, new)
    if removed:
        aws.call("ec2", "delete_tags", Resources=[identifier], Tags=[{"Key": key} for key in removed])
    if put:
        aws.call("ec2", "create_tags", Resources=[identifier], Tags=put)
