from __future__ import annotations

from typing import Any

import pytest

from rehearsal.providers.base.values import UNKNOWN, Secret
from rehearsal.providers.kubernetes.schema import find_schema, unknown_fields
from rehearsal.providers.kubernetes.tokens import Kind

SCHEMAS: dict[str, dict[str, Any]] = {
    "Widget": {
        "x-kubernetes-group-version-kind": [{"group": "slipway.test", "version": "v1", "kind": "Widget"}],
        "properties": {
            "metadata": {"allOf": [{"$ref": "#/components/schemas/Meta"}], "default": {}},
            "spec": {
                "properties": {
                    "size": {"type": "integer"},
                    "free": {"x-kubernetes-preserve-unknown-fields": True, "properties": {"a": {}}},
                    "any": {"type": "object"},
                    "parts": {"items": {"$ref": "#/components/schemas/Part"}},
                    "open": {"properties": {}, "additionalProperties": True},
                }
            },
        },
    },
    "Meta": {"properties": {"name": {}, "labels": {"additionalProperties": {"type": "string"}}}},
    "Part": {"properties": {"weight": {}}},
}
WIDGET = Kind("slipway.test/v1", "Widget")


def found(fields: dict[str, Any]) -> list[str]:
    schema = find_schema(WIDGET, SCHEMAS)
    assert schema is not None
    return list(unknown_fields((), fields, schema, SCHEMAS))


@pytest.mark.parametrize(
    ("fields", "sentences"),
    [
        ({"metadata": {"name": UNKNOWN, "labels": {"any": "x"}}, "spec": {"size": 1}}, []),
        ({"spec": UNKNOWN}, []),
        ({"spec": {"free": {"z": 1}, "any": {"z": 1}, "open": {"z": 1}}}, []),
        ({"spec": {"siz": UNKNOWN}}, ["unknown field 'spec.siz'; did you mean 'size'?"]),
        ({"zzz": 1}, ["unknown field 'zzz'"]),
        ({"metadata": {"nam": "x"}}, ["unknown field 'metadata.nam'; did you mean 'name'?"]),
        ({"spec": Secret({"siz": 1})}, ["unknown field 'spec.siz'; did you mean 'size'?"]),
        (
            {"spec": {"parts": [{"weight": 1}, {"wight": 2}]}, "met": {}},
            ["unknown field 'spec.parts[1].wight'; did you mean 'weight'?", "unknown field 'met'"],
        ),
    ],
)
def test_unknown_fields(fields: dict[str, Any], sentences: list[str]) -> None:
    assert found(fields) == sentences


def test_another_kind_has_no_schema() -> None:
    assert find_schema(Kind("slipway.test/v2", "Widget"), SCHEMAS) is None
