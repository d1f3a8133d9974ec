"""Machine images, looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi.runtime import invoke_async

from infra.plan.images import (
    FoundImage,
    ImageById,
    ImageByName,
    ImageLookup,
    ImagesPlan,
    MissingImage,
    check_images,
)
from infra.spec import SpecError


def resolve_images(
    plan: ImagesPlan, *, opts: pulumi.InvokeOptions | None = None
) -> Mapping[str, pulumi.Output[FoundImage]]:
    """Look each image up once, in previews too, and return it by its reference.

    A newer image behind a pattern or a parameter therefore shows as a change of the launch templates that use it.
    None is handed out unless all are there and fit their groups' architectures; otherwise the outputs carry one
    ``RunError`` that names every group at fault.
    """
    found = pulumi.Output.all(*(_find(image.lookup, opts) for image in plan.images))
    checked: pulumi.Output[dict[str, FoundImage]] = found.apply(lambda images: _checked(plan, images))
    return {image.reference: _pick(checked, image.reference) for image in plan.images}


def _checked(plan: ImagesPlan, images: list[FoundImage | MissingImage]) -> dict[str, FoundImage]:
    """Return the images by reference; a bad one is told as a message, without the traceback of an output."""
    try:
        return check_images(plan, images)
    except SpecError as error:
        raise pulumi.RunError(str(error)) from None


def _pick(images: pulumi.Output[dict[str, FoundImage]], reference: str) -> pulumi.Output[FoundImage]:
    return images.apply(lambda by_reference: by_reference[reference])


def _find(lookup: ImageLookup, opts: pulumi.InvokeOptions | None) -> pulumi.Output[FoundImage | MissingImage]:
    """Return what was found, or why nothing was, so that all images that fail are told together with their groups."""

    async def find() -> FoundImage | MissingImage:
        try:
            return await _look_up(lookup, opts)
        except Exception as error:  # noqa: BLE001 (the SDK raises nothing narrower; it is told with its place and value)
            return MissingImage(_words(error))

    return pulumi.Output.from_input(find())


def _words(error: Exception) -> str:
    """Return what the provider said, without the SDK's introduction, on one line, as a part of a sentence."""
    return " ".join(str(error).split()).rpartition("returned an error: ")[2].removeprefix("invoking ").rstrip(".")


async def _look_up(lookup: ImageLookup, opts: pulumi.InvokeOptions | None) -> FoundImage:
    """Look an image up. The functions are called by their tokens: an SDK's Output that fails ends the program."""
    if isinstance(lookup, ImageByName):
        filters = [{"name": "name", "values": [lookup.name]}, {"name": "state", "values": ["available"]}]
        return await _get_ami({"owners": [lookup.owner], "filters": filters, "mostRecent": True}, opts)
    image_id = lookup.image_id if isinstance(lookup, ImageById) else await _parameter(lookup.parameter, opts)
    # EC2 hides a deprecated image of another account from filters; who named it by ID still means it.
    by_id = [{"name": "image-id", "values": [image_id]}]
    return await _get_ami({"filters": by_id, "includeDeprecated": True}, opts)


async def _parameter(name: str, opts: pulumi.InvokeOptions | None) -> str:
    found = await invoke_async(
        "aws:ssm/getParameter:getParameter", {"name": name}, opts, typ=aws.ssm.GetParameterResult
    )
    return str(found.value)


async def _get_ami(arguments: Mapping[str, Any], opts: pulumi.InvokeOptions | None) -> FoundImage:
    image = await invoke_async("aws:ec2/getAmi:getAmi", dict(arguments), opts, typ=aws.ec2.GetAmiResult)
    return FoundImage(image_id=image.id, root_device_name=image.root_device_name, architecture=image.architecture)
