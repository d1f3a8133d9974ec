"""Reading the files under ``infra/templates/node/``.

Values are filled in by :class:`string.Template`. Only two files take any, each a handful of words: loops and conditions
live in typed Python, and structure (YAML, JSON) is made by libraries. So a template language, one more dependency of
every program, would earn nothing, and files without values stay what their own linters read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template

LIBRARY = "/usr/local/lib/slipway"
"""Where programs lie on machines."""

UNITS = "/etc/systemd/system"

_FOLDER = "node"
_DOCSTRING = '"""'


@dataclass(frozen=True)
class NodeFile:
    """A file written on a machine, owned by root."""

    path: str
    content: str
    executable: bool = False


@cache
def asset(name: str) -> str:
    """Return a file as machines get it: without what explains it to readers of this repository.

    User-data has 16 KiB for everything, and the reasons fill a third of these files. Left out are lines whose first
    character other than a blank is ``#`` (a comment in all these formats: shell, Python, systemd, TOML, sysctl,
    logrotate; the first line's ``#!`` stays), Python's docstrings, and blank lines.
    """
    lines = files("infra.templates").joinpath(_FOLDER, name).read_text(encoding="utf-8").splitlines()
    return "".join(f"{line}\n" for number, line in enumerate(lines) if not _is_for_readers(line.strip(), number))


def _is_for_readers(line: str, number: int) -> bool:
    comment = line.startswith("#") and not (number == 0 and line.startswith("#!"))
    return not line or comment or (line.startswith(_DOCSTRING) and line.endswith(_DOCSTRING))


def filled(name: str, **values: str) -> str:
    """Return a file with its ``${placeholders}`` replaced.

    Raises:
        ValueError: the file's placeholders and ``values`` are not the same set, or a ``$`` in it begins none.
    """
    template = Template(asset(name))
    if not template.is_valid() or set(template.get_identifiers()) != set(values):
        raise ValueError(f"{name} has the placeholders {template.get_identifiers()}, and {sorted(values)} are given")
    return template.substitute(values)
