"""What every spec model shares: frozen, strict about keys, camelCase in YAML as kops's own API objects are."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Never

from pydantic import AfterValidator, BaseModel, ConfigDict, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from infra.spec.docstrings import field_docstrings

if TYPE_CHECKING:  # what makes JSON Schemas takes long to import, and hardly any program makes one
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema


class SpecModel(BaseModel):
    """Base of the spec's models.

    Values are never coerced from one YAML type to another (``strict``): ``minSize: "3"`` is a typing mistake that
    the reader of the file should see, not something to be guessed at.
    """

    model_config = ConfigDict(
        defer_build=True,
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=False,
        validate_default=True,
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the JSON Schema with what the source says of each field."""
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name, text in field_docstrings(cls).items():
            properties[cls.model_fields[name].alias or name]["description"] = text
        return schema


def refuse(problem: str, fix: str) -> Never:
    """Refuse the value under validation.

    Raises:
        PydanticCustomError: always, carrying ``problem`` (what is wrong) and ``fix`` (what to write instead).
    """
    raise PydanticCustomError("slipway", "{problem}", {"problem": problem, "fix": fix})


def refuse_entries(entries: Sequence[tuple[str, str, str]], *, told: bool = True) -> None:
    """Refuse entries of the mapping under validation: the key, what is wrong and the fix of each. None: it is good.

    ``told`` says whether their values are told. Where a name is what is wrong, its value may be long, or nobody's to
    read.

    Raises:
        PydanticCustomError: there are entries; the error carries all of them.
    """
    if entries:
        raise PydanticCustomError("slipway_entries", "bad entries", {"entries": tuple(entries), "told": told})


def checked(check: Callable[[Any], Any]) -> Any:
    """Return the ``Annotated`` marker that runs ``check`` after the type itself has been validated."""
    return AfterValidator(check)


@dataclass(frozen=True)
class _Described:
    """A check of a text, and what the JSON Schema says of it."""

    check: Callable[[str], str]
    pattern: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of the text with its check."""
        return AfterValidator(self.check).__get_pydantic_core_schema__(source, handler)

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the JSON Schema of the text's form."""
        return matching(self.pattern).__get_pydantic_json_schema__(core_schema, handler)


def described(pattern: str, problem: str, fix: str) -> Any:
    """Return the ``Annotated`` marker of a text that a regular expression describes whole: its check and its form.

    ``problem`` and ``fix`` are as for :func:`refuse`.
    """
    whole = re.compile(pattern)

    def check(value: str) -> str:
        if not whole.fullmatch(value):
            refuse(problem, fix)
        return value

    return _Described(check, pattern)


def matching(pattern: str) -> WithJsonSchema:
    """Return the ``Annotated`` marker by which the JSON Schema tells editors the form of a text.

    The form is what a regular expression can say of the check beside it, and never more than the check demands.
    """
    return WithJsonSchema({"type": "string", "pattern": pattern})
