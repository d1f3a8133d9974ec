"""SSM parameters."""

from __future__ import annotations

from rehearsal.providers.aws.kind import Kind, Props, change_tags, find_one
from rehearsal.providers.aws.naming import tag_list, tag_map
from rehearsal.providers.aws.session import Aws

_GONE = frozenset({"ParameterNotFound", "InvalidResourceId"})


class Parameter(Kind):
    """aws_ssm_parameter. Write-only values (``valueWo``) are not handled."""

    token = "aws:ssm/parameter:Parameter"
    service = "ssm"
    gone = _GONE
    name_property = "name"
    # A change of the type to SecureString is not in place with the vendor either.
    force_new = frozenset({"name", "type", "dataType"})
    defaults = {"description": None, "allowedPattern": None}
    computed = frozenset({"arn", "dataType", "insecureValue", "keyId", "overwrite", "tier", "value"})
    changing = {"version": frozenset({"*"})}
    handled = frozenset(
        {"allowedPattern", "dataType", "description", "insecureValue", "keyId", "name", "overwrite", "tags", "tier"}
        | {"type", "value"}
    )

    def create(self, aws: Aws, inputs: Props) -> str:
        self._put(aws, inputs, overwrite=bool(inputs.get("overwrite")))
        return str(inputs["name"])

    def complete(self, aws: Aws, identifier: str, inputs: Props) -> None:
        # PutParameter takes no tags together with Overwrite.
        if inputs.get("tags"):
            self._tag(aws, identifier, {}, inputs["tags"])

    def _put(self, aws: Aws, inputs: Props, *, overwrite: bool) -> None:
        value = inputs.get("value") if inputs.get("value") is not None else inputs.get("insecureValue")
        aws.call(
            "ssm",
            "put_parameter",
            Name=inputs["name"],
            Value=value,
            Type=inputs["type"],
            Overwrite=overwrite,
            Description=inputs.get("description"),
            AllowedPattern=inputs.get("allowedPattern"),
            DataType=inputs.get("dataType"),
            KeyId=inputs.get("keyId") if inputs["type"] == "SecureString" else None,
            Tier=inputs.get("tier"),
        )

    def _tag(self, aws: Aws, identifier: str, old: Props, new: Props) -> None:
        put, removed = change_tags(old, new)
        which = {"ResourceType": "Parameter", "ResourceId": identifier}
        if removed:
            aws.call("ssm", "remove_tags_from_resource", **which, TagKeys=removed)
        if put:
            aws.call("ssm", "add_tags_to_resource", **which, Tags=tag_list({t["Key"]: t["Value"] for t in put}))

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        answer = aws.find("ssm", "get_parameter", _GONE, Name=identifier, WithDecryption=True)
        if answer is None:
            return None
        parameter = answer["Parameter"]
        about = find_one(
            aws, "ssm", "describe_parameters", "Parameters", _GONE,
            ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [identifier]}],
        ) or {}  # fmt: skip
        tags = aws.call("ssm", "list_tags_for_resource", ResourceType="Parameter", ResourceId=identifier)["TagList"]
        holder = "insecureValue" if known.get("insecureValue") is not None else "value"
        return {
            "arn": parameter["ARN"],
            "name": identifier,
            "type": parameter["Type"],
            holder: parameter["Value"],
            "version": parameter["Version"],
            "dataType": parameter.get("DataType"),
            "description": about.get("Description") or None,
            "allowedPattern": about.get("AllowedPattern") or None,
            "keyId": about.get("KeyId"),
            "tier": about.get("Tier"),
            "tags": tag_map(tags),
        }

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        if changed - {"tags", "overwrite"}:
            self._put(aws, new, overwrite=True)
        if "tags" in changed:
            self._tag(aws, identifier, old.get("tags") or {}, new.get("tags") or {})

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("ssm", "delete_parameter", Name=identifier)


KINDS = (Parameter(),)
