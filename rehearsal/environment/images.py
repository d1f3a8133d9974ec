"""The images an environment boots from, as the AWS stand-in is told of them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra.spec import EnvironmentSpec


def published_images(spec: EnvironmentSpec) -> list[dict[str, Any]]:
    """Return a stand-in for each image that the spec refers to, with the architecture its groups expect.

    An ID is made of the reference alone, so that an environment finds the same image each time it is rehearsed.

    Raises:
        SpecError: an image cannot be planned.
    """
    from infra.plan.images import DEBIAN_OWNER, EC2_ARCHITECTURES, ImageById, ImageByName, ImageByParameter, plan_images

    images = []
    for image in plan_images(spec).images:
        lookup = image.lookup
        made_up = "ami-" + hashlib.sha256(image.reference.encode()).hexdigest()[:17]
        described = {
            "id": lookup.image_id if isinstance(lookup, ImageById) else made_up,
            "name": f"rehearsal of {image.reference}",
            "owner": DEBIAN_OWNER,
            "architecture": EC2_ARCHITECTURES[image.uses[0].architecture],
            "rootDevice": "/dev/sda1" if "ubuntu" in image.reference else "/dev/xvda",
        }
        if isinstance(lookup, ImageByName):
            described |= {"name": lookup.name.replace("*", "rehearsal").replace("?", "0"), "owner": lookup.owner}
        if isinstance(lookup, ImageByParameter):
            described["parameter"] = lookup.parameter
        images.append(described)
    return images
