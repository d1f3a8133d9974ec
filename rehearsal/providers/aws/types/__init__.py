"""Resource types of the AWS stand-in, one module a service or part of one; each has its ``KINDS``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from rehearsal.providers.aws.kind import Kind


def _all_kinds() -> Mapping[str, Kind]:
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return {kind.token: kind for module in modules for kind in getattr(module, "KINDS", ())}


KINDS: Final = _all_kinds()
"""Vendor's type -> how it is carried out."""
