"""References of container images: their grammar, and what is wrong with one that does not follow it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Never

from pydantic import BeforeValidator

from infra.spec.base import checked, matching, refuse

_HOST = r"[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:[0-9]{1,5})?"
_PATH = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"^(?P<name>({_HOST}/)?{_PATH}(/{_PATH})*)(:(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}))?"
    r"(@(?P<digest>sha256:[0-9a-f]{64}))?$"
)
"""Grammar of a reference (distribution/reference, ``regexp.go``)."""
_BARE_DIGEST = re.compile(r"(?P<name>.+?)[:@](?:sha256:)?(?P<digits>[0-9a-f]{64})")


def image_parts(reference: str) -> tuple[str, str | None, str | None]:
    """Return name, tag and digest of a checked image reference.

    Raises:
        ValueError: the text is not an image reference.
    """
    match = _IMAGE.fullmatch(reference)
    if match is None:
        raise ValueError(f"{reference!r} is not an image reference")
    return match["name"], match["tag"], match["digest"]


def _in_parts(value: object) -> object:
    """Refuse the form of most charts' values."""
    if isinstance(value, Mapping):
        name = "/".join(str(value[key]) for key in ("registry", "repository") if value.get(key)) or "name"
        refuse("is in parts", f"write it whole, as {name}:{value.get('tag') or 'tag'}@sha256:<64 hex digits>")
    return value


def _image(value: str) -> str:
    match = _IMAGE.fullmatch(value)
    bare = _BARE_DIGEST.fullmatch(value)
    if match is None and bare is not None:
        refuse("names its digest in another form", f"write {bare['name']}@sha256:{bare['digits']}")
    if match is None:
        _refuse_form(value)
    if match["digest"] is None and match["tag"] in (None, "latest"):
        refuse(
            "names no version: whatever is newest when a node pulls it would run",
            "append the digest, as name@sha256:<64 hex digits>, or at least a tag other than latest",
        )
    return value


def _refuse_form(value: str) -> Never:
    """Refuse what is no reference, by what most likely happened."""
    if "${" in value or "{{" in value or "<" in value:
        refuse(
            "is a placeholder that nothing fills in",
            "write the image here, and image under overrides of the stack file where an environment runs another",
        )
    squeezed = "".join(value.split())
    if squeezed != value and _IMAGE.fullmatch(squeezed):
        refuse("has a space in it", f"write {squeezed}")
    scheme, separator, rest = value.partition("://")
    if separator and _IMAGE.fullmatch(rest):
        refuse(f"is a URL, and an image is named without {scheme}://", f"write {rest}")
    name, separator, digest = value.partition("@")
    digits = digest.removeprefix("sha256:")
    if separator and re.fullmatch(r"[0-9a-fA-F]+", digits) and len(digits) != 64:
        count = f"{len(digits)} character{'' if len(digits) == 1 else 's'}"
        refuse(f"has a digest of {count}, and one has 64", "copy it whole, as sha256:<64 hex digits>")
    path, colon, tag = value.rpartition(":") if not separator else (name, "@", digest)
    lowered = f"{path.lower()}{colon}{tag}" if colon else value.lower()
    if lowered != value and _IMAGE.fullmatch(lowered):
        refuse("has capital letters in its name", f"write {lowered}")
    refuse("is not an image reference", "write registry/name:tag@sha256:<64 hex digits>, in lower case")


ImageReference = Annotated[
    str, BeforeValidator(_in_parts), checked(_image), matching(re.sub(r"\?P<[a-z]+>", "", _IMAGE.pattern))
]
