"""An instance group's user-data, within what EC2 accepts."""

from __future__ import annotations

from collections.abc import Iterator

from infra.plan.control_plane.encryption import reads_kms
from infra.plan.launch_template import subnet_kind
from infra.plan.node.cloud_config import cloud_config_text
from infra.plan.node.files import node_files
from infra.plan.node.registration import registration_problems
from infra.plan.node.volumes import volume_problems
from infra.spec import EnvironmentSpec, InstanceGroupSpec, Problem, SpecError
from infra.spec.errors import Location

USER_DATA_LIMIT = 16_384
"""Greatest user-data in bytes, before it is encoded (EC2 User Guide, "Run commands at launch")."""


def render_user_data(spec: EnvironmentSpec, group: InstanceGroupSpec) -> str:
    """Return the cloud-config of the group's machines, as plain text.

    The same spec gives the same bytes: a change of the text is a change of the group's launch template. It holds no
    secret; what joins the machine to its cluster is written later, by a step that proves who the machine is.

    Raises:
        SpecError: labels, taints or mount paths cannot be used, or the text is above :data:`USER_DATA_LIMIT`.
    """
    at: Location = ("instanceGroups", spec.instance_groups.index(group))
    text = _text(spec, group)
    problems = [
        *registration_problems(at, group),
        *volume_problems(at, group),
        *_size_problems(at, spec, group, len(text.encode())),
    ]
    if problems:
        raise SpecError(f"environment {spec.name}", problems)
    return text


def _text(spec: EnvironmentSpec, group: InstanceGroupSpec) -> str:
    return cloud_config_text(
        node_files(spec, group),
        with_volumes=bool(group.volumes),
        is_member=group.role == "ControlPlane",
        is_public=subnet_kind(spec, group) == "public",
        is_for_vpc_pods=spec.cluster.cni == "amazonVpc",
        wraps_by_kms=group.role == "ControlPlane" and reads_kms(spec),
    )


def _size_problems(at: Location, spec: EnvironmentSpec, group: InstanceGroupSpec, size: int) -> Iterator[Problem]:
    if size <= USER_DATA_LIMIT:
        return
    without = {
        "nodeLabels": group.model_copy(update={"node_labels": {}}),
        "taints": group.model_copy(update={"taints": ()}),
        "volumes": group.model_copy(update={"volumes": ()}),
        "sysctls": group.model_copy(update={"sysctls": {}}),
    }
    shares = {key: size - len(_text(spec, smaller).encode()) for key, smaller in without.items()}
    greatest = sorted(shares, key=lambda key: shares[key], reverse=True)
    yield Problem(
        at,
        f"has user-data of {size:,} bytes, {size - USER_DATA_LIMIT:,} more than EC2 accepts; of these "
        + ", ".join(f"{key} take {shares[key]:,}" for key in greatest),
        f"shorten or remove {greatest[0]}",
        repr(group.name),
        tuple((*at, key) for key in greatest),
    )
