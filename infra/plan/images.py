"""Machine images: what a reference in the spec asks for, and whether what was found fits the groups that use it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infra.spec import EnvironmentSpec, InstanceGroupSpec, Problem, SpecError
from infra.spec.errors import Location
from infra.spec.partition import partition_of
from infra.spec.processors import Architecture

EC2_ARCHITECTURES: dict[Architecture, str] = {"amd64": "x86_64", "arm64": "arm64"}
"""Kubernetes's word for a processor architecture -> EC2's (API reference, Image)."""

DEBIAN_OWNER = "136693071363"
"""AWS account that publishes Debian's images in the partition ``aws`` (Debian wiki, Cloud/AmazonEC2Image).

The default is found by owner and name and not through Debian's public SSM parameter: both lead to the same image, but
the name takes one look-up instead of two, and is what kops uses. A name alone proves nothing; the owner does.
"""


@dataclass(frozen=True)
class ImageById:
    """One image, for good."""

    image_id: str


@dataclass(frozen=True)
class ImageByParameter:
    """The image whose ID an SSM parameter holds."""

    parameter: str


@dataclass(frozen=True)
class ImageByName:
    """The newest image of an owner whose name matches a pattern (``*`` and ``?``, as in EC2's filters)."""

    owner: str
    name: str


ImageLookup = ImageById | ImageByParameter | ImageByName


@dataclass(frozen=True)
class ImageUse:
    """A group that boots from an image."""

    location: Location
    """Where the spec names the image, or would."""
    group: str
    architecture: Architecture


@dataclass(frozen=True)
class ImagePlan:
    """One image reference, looked up once however many groups use it."""

    reference: str
    lookup: ImageLookup
    uses: tuple[ImageUse, ...]


@dataclass(frozen=True)
class ImagesPlan:
    """All image references of an environment, each once, in the order of the groups."""

    environment: str
    images: tuple[ImagePlan, ...]


@dataclass(frozen=True)
class FoundImage:
    """What EC2 says of an image."""

    image_id: str
    root_device_name: str
    """Device of the root volume: ``/dev/xvda`` for Debian, ``/dev/sda1`` for Ubuntu. A launch template that names
    another would add an empty volume and leave the root volume as the image has it."""
    architecture: str
    """EC2's word: ``x86_64``, ``arm64``..."""


@dataclass(frozen=True)
class MissingImage:
    """A look-up that failed."""

    reason: str
    """What the provider said."""


def image_reference(group: InstanceGroupSpec) -> str:
    """Return the group's image as the spec writes it, or Debian 12 for its architecture."""
    return group.image or f"{DEBIAN_OWNER}/debian-12-{group.architecture}-*"


def image_lookup(reference: str) -> ImageLookup:
    """Return how a reference is looked up. It has the form that the spec accepts."""
    if reference.startswith("ami-"):
        return ImageById(reference)
    if reference.startswith("ssm:"):
        return ImageByParameter(reference.removeprefix("ssm:"))
    owner, _, name = reference.partition("/")
    return ImageByName(owner, name)


def plan_images(spec: EnvironmentSpec) -> ImagesPlan:
    """Return the images of all groups.

    Raises:
        SpecError: a group names no image where Debian's account publishes none.
    """
    partition = partition_of(spec.region)
    if partition != "aws":
        problems = [
            Problem(
                ("instanceGroups", index, "image"),
                f"is missing: Debian's account publishes no images in the partition {partition}",
                "name an image, as ssm:/aws/service/... or an AMI ID",
            )
            for index, group in enumerate(spec.instance_groups)
            if group.image is None
        ]
        if problems:
            raise SpecError(f"environment {spec.name}", problems)
    uses: dict[str, list[ImageUse]] = {}
    for index, group in enumerate(spec.instance_groups):
        use = ImageUse(("instanceGroups", index, "image"), group.name, group.architecture)
        uses.setdefault(image_reference(group), []).append(use)
    return ImagesPlan(
        environment=spec.name,
        images=tuple(ImagePlan(reference, image_lookup(reference), tuple(of)) for reference, of in uses.items()),
    )


def check_images(plan: ImagesPlan, found: Sequence[FoundImage | MissingImage]) -> dict[str, FoundImage]:
    """Return the found images by reference; ``found`` is in the order of the plan.

    Raises:
        SpecError: naming every group whose image was not found, or is of another architecture than the group.
    """
    pairs = [
        (planned, image)
        for planned, image in zip(plan.images, found, strict=True)
        if not isinstance(image, MissingImage)
    ]
    problems = [
        Problem(
            use.location,
            f"led to no image for group {use.group}: {image.reason}",
            _way_to_find(planned.lookup),
            repr(planned.reference),
        )
        for planned, image in zip(plan.images, found, strict=True)
        if isinstance(image, MissingImage)
        for use in planned.uses
    ]
    problems += [
        Problem(
            use.location,
            f"is {image.image_id} with {image.architecture} processors, and group {use.group} is for "
            f"{use.architecture} ({EC2_ARCHITECTURES[use.architecture]})",
            f"name an image for {use.architecture}, or set architecture to what the image is for",
            repr(planned.reference),
            ((*use.location[:-1], "architecture"),),
        )
        for planned, image in pairs
        for use in planned.uses
        if image.architecture != EC2_ARCHITECTURES[use.architecture]
    ]
    if problems:
        raise SpecError(f"environment {plan.environment}", problems)
    return {planned.reference: image for planned, image in pairs}


def _way_to_find(lookup: ImageLookup) -> str:
    """Return what a user does about an image that was not found."""
    if isinstance(lookup, ImageById):
        return (
            "name an image of the environment's region that this account may use: "
            f"`aws ec2 describe-images --image-ids {lookup.image_id}` shows it"
        )
    if isinstance(lookup, ImageByParameter):
        return (
            "name a parameter of the environment's region that holds the ID of an image: "
            f"`aws ssm get-parameter --name {lookup.parameter}` shows it"
        )
    return (
        "name an owner and a pattern that some image of the environment's region matches: `aws ec2 describe-images "
        f"--owners {lookup.owner} --filters 'Name=name,Values={lookup.name}'` lists those that do"
    )
