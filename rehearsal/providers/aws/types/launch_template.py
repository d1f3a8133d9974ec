"""Launch templates: an update makes a new version."""

from __future__ import annotations

from typing import Any

from rehearsal.providers.aws.kind import Kind, Props, change_tags, find_one
from rehearsal.providers.aws.naming import tag_list, tag_map
from rehearsal.providers.aws.session import Aws
from rehearsal.providers.aws.types.shaping import answer, field, request

_DATA = (
    "blockDeviceMappings",
    "capacityReservationSpecification",
    "cpuOptions",
    "creditSpecification",
    "disableApiStop",
    "disableApiTermination",
    "ebsOptimized",
    "enclaveOptions",
    "hibernationOptions",
    "iamInstanceProfile",
    "imageId",
    "instanceInitiatedShutdownBehavior",
    "instanceMarketOptions",
    "instanceRequirements",
    "instanceType",
    "kernelId",
    "keyName",
    "licenseSpecifications",
    "maintenanceOptions",
    "metadataOptions",
    "monitoring",
    "networkInterfaces",
    "networkPerformanceOptions",
    "placement",
    "privateDnsNameOptions",
    "ramDiskId",
    "securityGroupNames",
    "tagSpecifications",
    "userData",
    "vpcSecurityGroupIds",
)
_TO_API = {
    "securityGroups": "Groups",
    "securityGroupNames": "SecurityGroups",
    "vpcSecurityGroupIds": "SecurityGroupIds",
    "ipv4AddressCount": "SecondaryPrivateIpAddressCount",
}
_GONE = frozenset(
    {"InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateId.NotFoundException"}
    | {"InvalidLaunchTemplateName.NotFoundException"}
)


class LaunchTemplate(Kind):
    """aws_launch_template; ``description`` is that of the version."""

    token = "aws:ec2/launchTemplate:LaunchTemplate"
    service = "ec2"
    gone = _GONE
    name_property = "name"
    force_new = frozenset({"name", "namePrefix"})
    defaults = {**dict.fromkeys(_DATA), "description": None, "updateDefaultVersion": False}
    computed = frozenset({"defaultVersion"})
    sets = frozenset({"vpcSecurityGroupIds", "securityGroupNames", "networkInterfaces.securityGroups"})
    changing = {
        "latestVersion": frozenset({*_DATA, "description"}),
        "defaultVersion": frozenset({*_DATA, "description", "updateDefaultVersion"}),
    }
    handled = frozenset({*_DATA, "name", "namePrefix", "description", "defaultVersion", "updateDefaultVersion", "tags"})

    def create(self, aws: Aws, inputs: Props) -> str:
        tags = inputs.get("tags")
        made = aws.call(
            "ec2",
            "create_launch_template",
            LaunchTemplateName=inputs["name"],
            VersionDescription=inputs.get("description"),
            LaunchTemplateData=self._data(aws, inputs),
            TagSpecifications=[{"ResourceType": "launch-template", "Tags": tag_list(tags)}] if tags else None,
        )
        return str(made["LaunchTemplate"]["LaunchTemplateId"])

    def _data(self, aws: Aws, inputs: Props) -> dict[str, Any]:
        data = {name: inputs[name] for name in _DATA if inputs.get(name) not in (None, "", [], {})}
        if "tagSpecifications" in data:
            data["tagSpecifications"] = [
                {**each, "tags": tag_list(each.get("tags"))} for each in data["tagSpecifications"]
            ]
        if "networkInterfaces" in data:
            data["networkInterfaces"] = [_interface(each) for each in data["networkInterfaces"]]
        properties = {"launchTemplateData": data}
        shaped = request(aws, "ec2", "create_launch_template", properties, _TO_API)
        return dict(shaped.get("LaunchTemplateData", {}))

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        item = find_one(
            aws, "ec2", "describe_launch_templates", "LaunchTemplates", _GONE, LaunchTemplateIds=[identifier]
        )
        if item is None:
            return None
        version = find_one(
            aws, "ec2", "describe_launch_template_versions", "LaunchTemplateVersions", _GONE,
            LaunchTemplateId=identifier, Versions=["$Latest"],
        )  # fmt: skip
        if version is None:
            return None
        return {
            **dict.fromkeys(_DATA),
            **self._state(version["LaunchTemplateData"]),
            "name": item["LaunchTemplateName"],
            "arn": aws.arn("ec2", f"launch-template/{identifier}"),
            "defaultVersion": item["DefaultVersionNumber"],
            "latestVersion": item["LatestVersionNumber"],
            "description": version.get("VersionDescription") or None,
            "tags": tag_map(self._tags(aws, identifier)),
        }

    def _tags(self, aws: Aws, identifier: str) -> list[dict[str, str]]:
        # moto's description of a launch template keeps the tags of its creation; the tags themselves are right.
        filters = [{"Name": "resource-id", "Values": [identifier]}]
        return list(aws.call("ec2", "describe_tags", Filters=filters)["Tags"])

    def _state(self, data: dict[str, Any]) -> Props:
        renamed = {"SecurityGroupIds": "vpcSecurityGroupIds", "SecurityGroups": "securityGroupNames"}
        names = {name.lower(): name for name in _DATA}
        state: Props = {}
        for key, value in data.items():
            name = names.get(renamed.get(key, key).lower())
            if name is None:
                continue
            if name == "tagSpecifications":
                # moto lists the template's own tags among those of what it launches.
                launched = [each for each in value if each["ResourceType"] != "launch-template"]
                value = [{**each, "Tags": tag_map(each.get("Tags"))} for each in launched]
            if name == "networkInterfaces":
                value = [_plain_interface(each) for each in value]
            state[name] = answer(field(self.token, name), value, {"Groups": "securityGroups"})
        return state

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        version = None
        if changed & {*_DATA, "description"}:
            made = aws.call(
                "ec2",
                "create_launch_template_version",
                LaunchTemplateId=identifier,
                VersionDescription=new.get("description"),
                LaunchTemplateData=self._data(aws, new),
            )
            version = made["LaunchTemplateVersion"]["VersionNumber"]
        default = new.get("defaultVersion") if "defaultVersion" in changed else None
        if new.get("updateDefaultVersion"):
            default = version or self._latest(aws, identifier)
        if default is not None:
            aws.call("ec2", "modify_launch_template", LaunchTemplateId=identifier, DefaultVersion=str(default))
        if "tags" in changed:
            put, removed = change_tags(old.get("tags") or {}, new.get("tags") or {})
            if removed:
                aws.call("ec2", "delete_tags", Resources=[identifier], Tags=[{"Key": key} for key in removed])
            if put:
                aws.call("ec2", "create_tags", Resources=[identifier], Tags=put)

    def _latest(self, aws: Aws, identifier: str) -> int:
        found = aws.call("ec2", "describe_launch_templates", LaunchTemplateIds=[identifier])
        return int(found["LaunchTemplates"][0]["LatestVersionNumber"])

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("ec2", "delete_launch_template", LaunchTemplateId=identifier)


_ADDRESS_LISTS = {"ipv6Addresses": "Ipv6Address", "ipv4Prefixes": "Ipv4Prefix", "ipv6Prefixes": "Ipv6Prefix"}


def _interface(interface: Props) -> Props:
    """Return an interface with the addresses wrapped as the API has them."""
    return {
        key: [{_ADDRESS_LISTS[key]: item} for item in value] if key in _ADDRESS_LISTS else value
        for key, value in interface.items()
    }


def _plain_interface(interface: dict[str, Any]) -> dict[str, Any]:
    inner = {key[0].upper() + key[1:]: member for key, member in _ADDRESS_LISTS.items()}
    return {key: [item[inner[key]] for item in value] if key in inner else value for key, value in interface.items()}


KINDS = (LaunchTemplate(),)
