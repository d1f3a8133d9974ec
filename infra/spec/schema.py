"""The spec as a JSON Schema for editors, and as a table for readers: both from the models' own descriptions."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from infra.spec.docstrings import field_docstrings
from infra.spec.environment import EnvironmentSpec
from infra.spec.load import CONFIG_KEY
from infra.spec.workloads.load import APPS
from infra.spec.workloads.workload import WorkloadSpec

_BOUNDS = ("ge", "le", "min_length", "max_length")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a whole stack file, ``Pulumi.<env>.yaml``.

    It holds what a schema can say: keys, types, choices, bounds, forms of texts. What it cannot say (zones of the
    region, sizes in order) is left to ``slipway spec check``.
    """
    spec = _tidied(EnvironmentSpec.model_json_schema(by_alias=True, ref_template="#/$defs/{model}"))
    definitions = spec.pop("$defs")
    # The name is the stack's own; it is filled in and not written.
    spec["properties"].pop("name")
    spec["required"].remove("name")
    definitions["EnvironmentSpec"] = spec
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack file of a Slipway environment",
        "type": "object",
        "required": ["config"],
        "properties": {
            "config": {
                "type": "object",
                "required": [CONFIG_KEY],
                "properties": {CONFIG_KEY: {"$ref": "#/$defs/EnvironmentSpec"}},
            }
        },
        "$defs": definitions,
    }


def workload_schema() -> dict[str, Any]:
    """Return the JSON Schema of a workload's file, ``apps/<name>.yaml``."""
    schema = _tidied(WorkloadSpec.model_json_schema(by_alias=True, ref_template="#/$defs/{model}"))
    for filled_in in ("name", "namespace"):
        schema["properties"].pop(filled_in)
        schema["required"].remove(filled_in)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Workload of a Slipway environment",
        **schema,
    }


def _tidied(schema: Any) -> Any:
    """Return a schema without pydantic's titles, which repeat the keys, and with descriptions in one line each."""
    if isinstance(schema, list):
        return [_tidied(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: " ".join(value.split()) if key == "description" and isinstance(value, str) else _tidied(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }


def options_table() -> str:
    """Return all options as Markdown, one table for each mapping of the spec, in the order of the file."""
    parts = [
        "# Options",
        "",
        f"What may stand under `config: {CONFIG_KEY}:` of `stacks/Pulumi.<env>.yaml`. "
        "Made by `slipway spec options`; do not edit.",
    ]
    return "\n".join([*parts, *_tables(EnvironmentSpec, "The environment")]) + "\n"


def workload_options_table() -> str:
    """Return all options of a workload's file as Markdown, one table for each mapping."""
    parts = [
        "# Options of a workload",
        "",
        f"What may stand in `{APPS}/<name>.yaml`. Made by `slipway spec options --workload`; do not edit.",
    ]
    return "\n".join([*parts, *_tables(WorkloadSpec, "The workload")]) + "\n"


def _tables(root: type[BaseModel], heading: str) -> list[str]:
    parts = []
    for path, model in _models(root, ""):
        doc = " ".join((model.__doc__ or "").split())
        parts += ["", f"## {f'`{path}`' if path else heading}", "", doc, ""]
        parts += ["| key | type | default | meaning |", "|---|---|---|---|"]
        texts = field_docstrings(model)
        parts += [_row(field, texts.get(name, "")) for name, field in model.model_fields.items() if not field.exclude]
    return parts


def _models(model: type[BaseModel], path: str) -> Iterator[tuple[str, type[BaseModel]]]:
    yield path, model
    for field in model.model_fields.values():
        inner, repeated = _inner_model(field.annotation)
        if inner is not None:
            name = f"{path}.{field.alias}" if path else str(field.alias)
            yield from _models(inner, f"{name}[]" if repeated else name)


def _inner_model(annotation: Any, repeated: bool = False) -> tuple[type[BaseModel] | None, bool]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, repeated
    for argument in typing.get_args(annotation):
        inner, again = _inner_model(argument, repeated or typing.get_origin(annotation) is tuple)
        if inner is not None:
            return inner, again
    return None, False


def _row(field: FieldInfo, text: str) -> str:
    meaning = text.replace("\n", " ").replace("|", "\\|")
    return f"| `{field.alias}` | {_type(field)} | {_default(field)} | {meaning} |"


def _type(field: FieldInfo) -> str:
    return _limited(_type_words(field.annotation), field.metadata)


def _limited(words: str, metadata: Iterable[Any]) -> str:
    """Add the bounds that stand in an annotation's metadata to the words for its type."""
    bounds: dict[str, Any] = {}
    # An annotation inside a union has its bounds wrapped in a FieldInfo of its own.
    for each in (part for outer in metadata for part in (outer.metadata if isinstance(outer, FieldInfo) else [outer])):
        bounds |= {name: getattr(each, name) for name in _BOUNDS if getattr(each, name, None) is not None}
    least, most = bounds.get("ge", bounds.get("min_length")), bounds.get("le", bounds.get("max_length"))
    if least is None and most is None:
        return words
    items = "" if not {"min_length", "max_length"} & bounds.keys() else " item" if (most or least) == 1 else " items"
    span = f"at most {most}" if least is None else f"at least {least}" if most is None else f"{least} to {most}"
    return f"{words}, {span}{items}"


def _type_words(annotation: Any) -> str:
    names = {str: "text", int: "number", bool: "true or false", type(None): "", Any: "number or text"}
    if annotation in names:
        return names[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return " \\| ".join(f"`{value}`" for value in arguments)
    if origin is typing.Annotated:
        return _limited(_type_words(arguments[0]), arguments[1:])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(filter(None, map(_type_words, arguments)))
    if origin is tuple:
        return f"list of {_type_words(arguments[0]).replace('mapping', 'mappings')}"
    if origin is dict:
        return f"mapping of {'lists of text' if 'list of' in _type_words(arguments[1]) else 'text'}"
    return "mapping"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    if field.default_factory_takes_validated_data:
        return "unset"
    default = field.get_default(call_default_factory=True, validated_data={})
    if default is None:
        return "unset"
    if isinstance(default, BaseModel):
        return "its own defaults"
    if isinstance(default, tuple):
        return f"`[{', '.join(map(str, default))}]`"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`"
