"""Where an environment is, read from a stack file that may have mistakes in all else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.spec.stack_file import CONFIG_KEY, StackFileLoader

_CUTS = 20
"""Mistakes that are cut off before a file is given up."""


@dataclass(frozen=True)
class Place:
    """What leads to an environment's records."""

    name: str
    """Of the environment."""
    account_id: str
    region: str
    bucket: str
    """The state bucket."""
    cluster: str
    """Name of the cluster, with which the keys of its records begin."""


def place_in(path: Path, name: str) -> Place | None:
    """Return where environment ``name`` is, as its stack file says; None where that cannot be read.

    Of a file that is no YAML, what stands above the mistake is read. Nothing else of it is judged.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    environment = _at(_readable(text), "config", CONFIG_KEY)
    found = [
        _at(environment, *keys) for keys in (("accountId",), ("region",), ("state", "bucket"), ("cluster", "name"))
    ]
    texts = [each for each in found if isinstance(each, str) and each]
    return Place(name, *texts) if len(texts) == len(found) else None


def _readable(text: str) -> object:
    """Return what a text in YAML holds, without the lines from a mistake on."""
    lines = text.splitlines()
    for _ in range(_CUTS):
        try:
            return yaml.load("\n".join(lines), Loader=StackFileLoader)  # noqa: S506 (a SafeLoader)
        except yaml.MarkedYAMLError as error:
            # A quote that nothing closes is missed at the end of the file, and wrong where it begins.
            unclosed = isinstance(error, yaml.scanner.ScannerError) and error.context_mark is not None
            mark = error.context_mark if unclosed else error.problem_mark
            del lines[min(mark.line, len(lines) - 1) if mark is not None else 0 :]
        except (yaml.YAMLError, RecursionError):
            return None
    return None


def _at(value: object, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
