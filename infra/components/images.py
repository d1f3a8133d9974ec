"""Machine images, looked up."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from infra.plan.images import (
    FoundImage,
    ImageById,
    ImageByName,
    ImageLookup,
    ImagesPlan,
    MissingImage,
    check_images,
)


def resolve_images(plan: ImagesPlan, *, opts: pulumi.InvokeOptions | None = None) -> Mapping[str, FoundImage]:
    """Look each image up once, in previews too, and return it by its reference.

    A newer image behind a pattern or a parameter therefore shows as a change of the launch templates that use it. It
    waits for them all, so that the program can ask before it declares anything: what is declared is made.

    Raises:
        SpecError: one is not there or does not fit a group's architecture; every group at fault is named.
    """
    return check_images(plan, [_find(image.lookup, opts) for image in plan.images])


def _find(lookup: ImageLookup, opts: pulumi.InvokeOptions | None) -> FoundImage | MissingImage:
    """Return what was found, or why nothing was, so that all images that fail are told together with their groups."""
    try:
        return _look_up(lookup, opts)
    except Exception as error:  # noqa: BLE001 (the SDK raises nothing narrower; it is told with its place and value)
        return MissingImage(_words(error))


def _words(error: Exception) -> str:
    """Return what the provider said, without the SDK's introduction, on one line, as a part of a sentence."""
    return " ".join(str(error).split()).rpartition("returned an error: ")[2].removeprefix("invoking ").rstrip(".")


def _look_up(lookup: ImageLookup, opts: pulumi.InvokeOptions | None) -> FoundImage:
    if isinstance(lookup, ImageByName):
        wanted = [_is("name", lookup.name), _is("state", "available")]
        return _image(aws.ec2.get_ami(owners=[lookup.owner], filters=wanted, most_recent=True, opts=opts))
    image_id = lookup.image_id if isinstance(lookup, ImageById) else _parameter(lookup.parameter, opts)
    # EC2 hides a deprecated image of another account from filters; who named it by ID still means it.
    return _image(aws.ec2.get_ami(filters=[_is("image-id", image_id)], include_deprecated=True, opts=opts))


def _parameter(name: str, opts: pulumi.InvokeOptions | None) -> str:
    return str(aws.ssm.get_parameter(name=name, opts=opts).value)


def _is(name: str, value: str) -> aws.ec2.GetAmiFilterArgs:
    return aws.ec2.GetAmiFilterArgs(name=name, values=[value])


def _image(found: aws.ec2.AwaitableGetAmiResult) -> FoundImage:
    return FoundImage(found.id, found.root_device_name, found.architecture)
