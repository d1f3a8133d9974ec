"""YAML as people write it: keys in the given order, texts of several lines as literal blocks."""

from __future__ import annotations

import yaml


class _Dumper(yaml.SafeDumper):
    """PyYAML's own dumper rather than libyaml's, which not every installation has: bytes must not depend on it."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 (PyYAML passes it by position)
        """Write equal values out each time."""
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)


def yaml_text(value: object) -> str:
    """Return ``value``, made of dicts, lists, strings, numbers and booleans, as YAML."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=10_000)
