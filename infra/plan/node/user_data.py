"""An instance group's user-data, within what EC2 accepts."""

from __future__ import annotations

from infra.plan.node.cloud_config import cloud_config_text
from infra.plan.node.files import NodeFile, node_files
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
    files = node_files(spec, group)
    text = cloud_config_text(files, with_volumes=bool(group.volumes))
    problems = [*registration_problems(at, group), *volume_problems(at, group), *_size_problems(at, group, text, files)]
    if problems:
        raise SpecError(f"environment {spec.name}", problems)
    return text


def _size_problems(at: Location, group: InstanceGroupSpec, text: str, files: tuple[NodeFile, ...]) -> list[Problem]:
    size = len(text.encode())
    if size <= USER_DATA_LIMIT:
        return []
    grown = sorted((f for f in files if f.grows_with), key=lambda f: len(f.content.encode()), reverse=True)
    parts = ", ".join(f"{f.grows_with} {len(f.content.encode()):,} bytes" for f in grown)
    return [
        Problem(
            at,
            f"has user-data of {size:,} bytes, and EC2 accepts {USER_DATA_LIMIT:,}; the parts that its fields fill: "
            f"{parts}",
            f"shorten {grown[0].grows_with} by {size - USER_DATA_LIMIT:,} bytes or more",
            repr(group.name),
            tuple((*at, str(f.grows_with)) for f in grown),
        )
    ]
