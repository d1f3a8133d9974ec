"""Public images that moto does not know: an environment boots from images that other accounts publish.

AWS lets nobody create another account's image or a public parameter, so there is no call for it. The server takes them
at an address of its own, and puts them where moto keeps the ones it ships with.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import Ami
from moto.ssm.models import Parameter, ssm_backends

from rehearsal.moto.holdings import hold_certificate, hold_target_group, hold_zone
from rehearsal.moto.networks import hold_address, hold_network

PATH = "/rehearsal/images"


class ImagesApplication:
    """A WSGI application that takes images, and what else is to be held, at `PATH` and passes everything else on."""

    def __init__(self, application: Callable[..., Any]) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer one request."""
        if environ["PATH_INFO"] != PATH:
            return self._application(environ, start_response)
        given = json.loads(environ["wsgi.input"].read())
        for image in given["images"]:
            publish(given["account"], given["region"], image)
        for certificate in given["certificates"]:
            hold_certificate(given["account"], given["region"], certificate["arn"], certificate["hosts"])
        for zone in given["zones"]:
            hold_zone(given["account"], zone["id"], zone["name"])
        for arn in given["targetGroups"]:
            hold_target_group(given["account"], given["region"], arn)
        for network in given["networks"]:
            hold_network(given["account"], given["region"], network)
        for address in given["addresses"]:
            hold_address(given["account"], given["region"], address)
        start_response("204 No Content", [])
        return []


def publish(account: str, region: str, image: dict[str, Any]) -> None:
    """Add an image, and the public parameter that leads to it where it has one, unless they are there."""
    backend = ec2_backends[account][region]
    if image["id"] not in backend.amis:
        backend.amis[image["id"]] = Ami(
            backend,
            ami_id=image["id"],
            name=image["name"],
            description="Stand-in of a rehearsal: it names an image and holds none",
            owner_id=image["owner"],
            public=True,
            architecture=image["architecture"],
            virtualization_type="hvm",
            hypervisor="xen",
            root_device_type="ebs",
            root_device_name=image["rootDevice"],
            region_name=f"{region}a",
        )
    name = image.get("parameter")
    parameters = ssm_backends[account][region]._parameters
    if name is not None and not (parameters.get(name)):
        now = datetime.now(tz=UTC)
        parameters[name].append(
            Parameter(account, name, image["id"], "String", None, None, None, now, 1, "aws:ec2:image")  # type: ignore[abstract]
        )
