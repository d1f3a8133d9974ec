"""IAM instance profiles and OpenID Connect providers."""

from __future__ import annotations

from rehearsal.providers.aws.kind import Props
from rehearsal.providers.aws.naming import tag_list, tag_map
from rehearsal.providers.aws.session import Aws
from rehearsal.providers.aws.types.iam import _GONE, IamKind


class InstanceProfile(IamKind):
    """aws_iam_instance_profile; a changed role is swapped in place."""

    token = "aws:iam/instanceProfile:InstanceProfile"
    tag_word, tag_argument = "instance_profile", "InstanceProfileName"
    name_property = "name"
    force_new = frozenset({"name", "namePrefix", "path"})
    defaults = {"path": "/", "role": None}
    handled = frozenset({"name", "namePrefix", "path", "role", "tags"})

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call(
            "iam",
            "create_instance_profile",
            InstanceProfileName=inputs["name"],
            Path=inputs["path"],
            Tags=tag_list(inputs.get("tags")) or None,
        )
        return str(made["InstanceProfile"]["InstanceProfileName"])

    def complete(self, aws: Aws, identifier: str, inputs: Props) -> None:
        if inputs.get("role"):
            self._add(aws, identifier, inputs["role"])

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        answer = aws.find("iam", "get_instance_profile", _GONE, InstanceProfileName=identifier)
        if answer is None:
            return None
        profile = answer["InstanceProfile"]
        roles = profile["Roles"]
        return {
            "arn": profile["Arn"],
            "createDate": profile["CreateDate"].isoformat(),
            "name": profile["InstanceProfileName"],
            "path": profile["Path"],
            "role": roles[0]["RoleName"] if roles else None,
            "tags": tag_map(profile.get("Tags")),
            "uniqueId": profile["InstanceProfileId"],
        }

    def modify(self, aws: Aws, identifier: str, new: Props, changed: set[str]) -> None:
        self._clear(aws, identifier)
        if new.get("role"):
            self._add(aws, identifier, new["role"])

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        self._clear(aws, identifier)
        aws.call("iam", "delete_instance_profile", InstanceProfileName=identifier)

    def _add(self, aws: Aws, identifier: str, role: str) -> None:
        aws.call("iam", "add_role_to_instance_profile", InstanceProfileName=identifier, RoleName=role)

    def _clear(self, aws: Aws, identifier: str) -> None:
        profile = aws.call("iam", "get_instance_profile", InstanceProfileName=identifier)["InstanceProfile"]
        for role in profile["Roles"]:
            aws.call(
                "iam",
                "remove_role_from_instance_profile",
                InstanceProfileName=identifier,
                RoleName=role["RoleName"],
            )


class OpenIdConnectProvider(IamKind):
    """aws_iam_openid_connect_provider. moto 5.2 cannot change the client ids of one: there the update fails."""

    token = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
    tag_word, tag_argument = "open_id_connect_provider", "OpenIDConnectProviderArn"
    force_new = frozenset({"url"})
    computed = frozenset({"thumbprintLists"})
    sets = frozenset({"clientIdLists"})
    handled = frozenset({"url", "clientIdLists", "thumbprintLists", "tags"})

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call(
            "iam",
            "create_open_id_connect_provider",
            Url=inputs["url"],
            ClientIDList=inputs["clientIdLists"],
            ThumbprintList=inputs.get("thumbprintLists"),
            Tags=tag_list(inputs.get("tags")) or None,
        )
        return str(made["OpenIDConnectProviderArn"])

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        found = aws.find("iam", "get_open_id_connect_provider", _GONE, OpenIDConnectProviderArn=identifier)
        if found is None:
            return None
        url = str(found["Url"])
        return {
            "arn": identifier,
            "url": url if url.startswith("https://") else f"https://{url}",
            "clientIdLists": found["ClientIDList"],
            "thumbprintLists": found["ThumbprintList"],
            "tags": tag_map(found.get("Tags")),
        }

    def modify(self, aws: Aws, identifier: str, new: Props, changed: set[str]) -> None:
        which = {"OpenIDConnectProviderArn": identifier}
        if "thumbprintLists" in changed:
            thumbprints = new["thumbprintLists"]
            aws.call("iam", "update_open_id_connect_provider_thumbprint", **which, ThumbprintList=thumbprints)
        if "clientIdLists" in changed:
            have = set(aws.call("iam", "get_open_id_connect_provider", **which)["ClientIDList"])
            for client in sorted(set(new["clientIdLists"]) - have):
                aws.call("iam", "add_client_id_to_open_id_connect_provider", **which, ClientID=client)
            for client in sorted(have - set(new["clientIdLists"])):
                aws.call("iam", "remove_client_id_from_open_id_connect_provider", **which, ClientID=client)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("iam", "delete_open_id_connect_provider", OpenIDConnectProviderArn=identifier)


KINDS = (
    InstanceProfile(),
    OpenIdConnectProvider(),
)
