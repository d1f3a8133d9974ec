"""What a group's machines read from the state bucket at their first boot: files too great for user-data.

The user-data hold the document's digest: a change of any file is a change of the launch template, which a rolling
update sees, and a machine runs nothing but what its launch template speaks of.
"""

from __future__ import annotations

import json
from hashlib import sha256

from infra.plan.control_plane.files import member_files
from infra.plan.launch_template import subnet_kind
from infra.plan.network import internal_domain
from infra.plan.node.assets import LIBRARY, UNITS, NodeFile, asset, filled
from infra.plan.node.cloud_config import SERVING_UNITS
from infra.plan.node.credentials import credential_files
from infra.plan.node.mirrors import mirror_files
from infra.spec import EnvironmentSpec, InstanceGroupSpec

JOIN_NAME = "join.json"
"""Object below the group's prefix that holds what is known only once it exists: names, and the join token."""


def files_document(spec: EnvironmentSpec, group: InstanceGroupSpec) -> str:
    """Return the JSON of the group's files: the same spec gives the same bytes."""
    files = [
        {"path": file.path, "mode": "0755" if file.executable else "0644", "content": file.content}
        for file in document_files(spec, group)
    ]
    return json.dumps({"files": files}, indent=1) + "\n"


def files_digest(document: str) -> str:
    """Return the SHA-256 of such a document, in hexadecimal."""
    return sha256(document.encode()).hexdigest()


def files_name(document: str) -> str:
    """Return the document's name below the group's prefix: by its digest, so that no machine finds another's."""
    return f"files-{files_digest(document)}.json"


def document_files(spec: EnvironmentSpec, group: InstanceGroupSpec) -> tuple[NodeFile, ...]:
    """Return the files in the order in which they are written."""
    names = ["install-kubelet.sh", "machine_config.py"]
    is_member = group.role == "ControlPlane"
    if group.volumes and not is_member:
        names.append("mount-volumes.sh")
    programs = tuple(NodeFile(f"{LIBRARY}/{name}", asset(name), executable=True) for name in names)
    return (
        *programs,
        *credential_files(spec),
        *mirror_files(spec),
        *_serving_files(spec, group),
        *(member_files(spec, group) if is_member else ()),
    )


def _serving_files(spec: EnvironmentSpec, group: InstanceGroupSpec) -> tuple[NodeFile, ...]:
    if subnet_kind(spec, group) != "public":
        return ()
    service, timer = SERVING_UNITS
    program = "serving_certificate.py"
    return (
        NodeFile(f"{LIBRARY}/{program}", asset(program), executable=True),
        NodeFile(f"{UNITS}/{service}", filled(service, domain=internal_domain(spec.region))),
        NodeFile(f"{UNITS}/{timer}", asset(timer)),
    )
