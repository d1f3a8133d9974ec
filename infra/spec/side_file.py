"""Files that a stack file names and that stand in a folder beside ``stacks``: read, with one clear error for each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.spec.errors import Problem, SpecError
from infra.spec.stack_file import StackFileLoader, yaml_words


def read_text(path: Path, file: str) -> str:
    """Return what a file holds; ``file`` is what errors call it.

    Raises:
        SpecError: it does not exist or cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        folder = path.parent
        known = ", ".join(sorted(each.stem for each in folder.glob(f"*{path.suffix}")))
        fix = f"create it, or name one of {known}" if known else f"create it in {folder}"
        raise _refusal(file, "the file does not exist", fix) from None
    except OSError as error:
        raise _refusal(file, f"the file cannot be read: {error.strerror}", "make it readable") from None
    except UnicodeDecodeError as error:
        raise _refusal(file, f"byte {error.start} is not UTF-8", "save the file as UTF-8") from None


def yaml_mapping(text: str, file: str, least: str) -> Mapping[Any, Any]:
    """Return the keys and values of a text in YAML, read as strictly as stack files; ``least`` is what it must hold.

    Raises:
        SpecError: it is not YAML, or no mapping.
    """
    try:
        written = yaml.load(text, Loader=StackFileLoader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as error:
        fix = "correct the file at the place named"
        raise _refusal(file, f"the file is not readable as YAML: {yaml_words(error)}", fix) from None
    if not isinstance(written, Mapping):
        raise _refusal(file, "the file holds no keys and values", f"write at least {least}")
    return written


def _refusal(file: str, problem: str, fix: str) -> SpecError:
    return SpecError(file, [Problem((), problem, fix, None, (), file)])
