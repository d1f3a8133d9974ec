"""What the source says of fields is read when it is asked for."""

from __future__ import annotations

from typing import ClassVar

from infra.spec.base import SpecModel
from infra.spec.docstrings import field_docstrings


class Machine(SpecModel):
    """A model with fields that have strings, and one that has none."""

    size: int
    """How large,
    in GiB."""
    bare: int = 1
    name: str
    """What it is called."""

    LIMIT: ClassVar[int] = 3
    """No field."""


class Server(Machine):
    """Inherits, and says something else of one field."""

    name: str
    """What clients call it."""
    port: int
    "Where it listens."


def test_each_field_has_the_string_behind_it() -> None:
    assert field_docstrings(Machine) == {"size": "How large,\nin GiB.", "name": "What it is called."}


def test_a_field_that_is_inherited_has_its_string_too() -> None:
    assert field_docstrings(Server) == {
        "size": "How large,\nin GiB.",
        "name": "What clients call it.",
        "port": "Where it listens.",
    }


def test_a_class_that_is_not_at_the_top_of_its_module_says_nothing_of_its_own() -> None:
    class Inner(Machine):
        port: int
        """Not read."""

    assert "port" not in field_docstrings(Inner)


def test_the_schema_has_it() -> None:
    properties = Server.model_json_schema()["properties"]
    assert properties["name"]["description"] == "What clients call it."
    assert "description" not in properties["bare"]
