"""The stack file as YAML: read strictly, so that nothing a reader of the file sees is silently dropped."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.spec.errors import Problem, SpecError

CONFIG_KEY = "slipway:environment"
"""Key of the environment among the stack's configuration."""

_MERGE = "tag:yaml.org,2002:merge"
_BOOL = "tag:yaml.org,2002:bool"
_NUMBERS = {
    "tag:yaml.org,2002:int": r"^[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$",
    "tag:yaml.org,2002:float": r"^([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$",
}


class StackFileLoader(yaml.SafeLoader):
    """YAML's safe loader, reading scalars as the engine does.

    A key written twice is refused instead of keeping the last, and every error has a place.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Return a mapping; raises yaml.YAMLError for a key written twice or a key that is no scalar."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key is a list or a mapping, and keys are text", key_node.start_mark
                )
            key = self.construct_object(key_node, deep=deep)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is written twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Return a value; raises yaml.YAMLError, with its place, for one that only looks like a date or a number."""
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            # A date of a thirteenth month, a number of thousands of digits: text that only looks like one.
            reason = str(error).split(";")[0]
            raise yaml.constructor.ConstructorError(
                None, None, f"not a date or a number that can be read ({reason}); text goes in quotes", node.start_mark
            ) from None


# The engine reads stack files by gopkg.in/yaml.v3, close to YAML 1.2; PyYAML follows YAML 1.1. What is checked must be
# what the program is given later, so: yes, no, on, off and 12:30 are text, 1e3 and 012345678901 are numbers.
StackFileLoader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag not in _NUMBERS and (tag != _BOOL or first in "tTfF")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag, _form in _NUMBERS.items():
    StackFileLoader.add_implicit_resolver(_tag, re.compile(_form), list("-+.0123456789"))


def environment_in(path: Path) -> object:
    """Return what the stack file ``path`` holds under ``config: slipway:environment:``.

    Raises:
        SpecError: the file cannot be read, is not YAML, or holds no environment.
    """
    return config_in(path)[CONFIG_KEY]


def config_in(path: Path) -> Mapping[str, object]:
    """Return the stack's configuration of the file ``path``, which has an environment.

    Raises:
        SpecError: the file cannot be read, is not YAML, or holds no environment.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=StackFileLoader)  # noqa: S506 (a SafeLoader)
    except FileNotFoundError:
        raise _refusal(path, "the file does not exist", f"create {path}, or name another environment") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _refusal(path, f"the file cannot be read: {reason}", "name a file that you may read") from None
    except RecursionError:
        raise _refusal(path, "the file is nested too deeply", "compare it with the options table") from None
    except UnicodeDecodeError as error:
        place = f"byte {error.start} is not UTF-8"
        raise _refusal(path, f"the file is not readable as YAML: {place}", "save the file as UTF-8") from None
    except yaml.YAMLError as error:
        fix = "correct the file at the place named"
        raise _refusal(path, f"the file is not readable as YAML: {yaml_words(error)}", fix) from None
    config = document.get("config") if isinstance(document, Mapping) else None
    if not isinstance(config, Mapping) or config.get(CONFIG_KEY) is None:
        raise _refusal(path, f"the file has no {CONFIG_KEY}", f"declare the environment under config: {CONFIG_KEY}:")
    return config


def _refusal(path: Path, problem: str, fix: str) -> SpecError:
    return SpecError(str(path), [Problem((), problem, fix)])


def yaml_words(error: yaml.YAMLError) -> str:
    """Return a YAML error in one line, its place counted from 1 as editors do."""
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None)
    if mark is None or what is None:
        return " ".join(str(error).split())
    context = getattr(error, "context", None)
    hint = "; text that begins with * goes in quotes" if context == "while scanning an alias" else ""
    return f"{f'{context}, ' if context else ''}{what} (line {mark.line + 1}, column {mark.column + 1}){hint}"
