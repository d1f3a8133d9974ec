"""Machine images, looked up."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from infra.plan.images import (
    FoundImage,
    ImageById,
    ImageByParameter,
    ImageLookup,
    ImagesPlan,
    check_images,
)
from infra.spec import SpecError


def resolve_images(
    plan: ImagesPlan, *, opts: pulumi.InvokeOutputOptions | None = None
) -> Mapping[str, pulumi.Output[FoundImage]]:
    """Look each image up once, in previews too, and return it by its reference.

    A newer image behind a pattern or a parameter therefore shows as a change of the launch templates that use it.
    None is handed out unless all fit their groups' architectures; otherwise the outputs carry one ``RunError`` that
    names every group at fault.
    """
    found = pulumi.Output.all(*(_find(image.lookup, opts) for image in plan.images))
    checked: pulumi.Output[dict[str, FoundImage]] = found.apply(lambda images: _checked(plan, images))
    return {image.reference: _pick(checked, image.reference) for image in plan.images}


def _checked(plan: ImagesPlan, images: list[FoundImage]) -> dict[str, FoundImage]:
    """Return the images by reference; a bad one is told as a message, without the traceback of an output."""
    try:
        return check_images(plan, images)
    except SpecError as error:
        raise pulumi.RunError(str(error)) from None


def _pick(images: pulumi.Output[dict[str, FoundImage]], reference: str) -> pulumi.Output[FoundImage]:
    return images.apply(lambda by_reference: by_reference[reference])


def _find(lookup: ImageLookup, opts: pulumi.InvokeOutputOptions | None) -> pulumi.Output[FoundImage]:
    if isinstance(lookup, ImageByParameter):
        parameter = aws.ssm.get_parameter_output(name=lookup.parameter, opts=opts)
        return _by_id(parameter.value, opts)
    if isinstance(lookup, ImageById):
        return _by_id(lookup.image_id, opts)
    name = aws.ec2.GetAmiFilterArgs(name="name", values=[lookup.name])
    state = aws.ec2.GetAmiFilterArgs(name="state", values=["available"])
    return aws.ec2.get_ami_output(owners=[lookup.owner], filters=[name, state], most_recent=True, opts=opts).apply(
        _found
    )


def _by_id(image_id: pulumi.Input[str], opts: pulumi.InvokeOutputOptions | None) -> pulumi.Output[FoundImage]:
    by_id = aws.ec2.GetAmiFilterArgs(name="image-id", values=[image_id])  # type: ignore[list-item]
    # EC2 hides a deprecated image of another account from filters; who named it by ID still means it.
    return aws.ec2.get_ami_output(filters=[by_id], include_deprecated=True, opts=opts).apply(_found)


def _found(image: aws.ec2.GetAmiResult) -> FoundImage:
    return FoundImage(image_id=image.id, root_device_name=image.root_device_name, architecture=image.architecture)
