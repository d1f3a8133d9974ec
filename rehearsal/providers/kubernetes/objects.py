"""Kubernetes objects as the engine keeps them and as the API takes them; pure functions on plain values."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

from rehearsal.providers.base.values import Secret, Unknown, has_secret

INPUTS: Final = "__inputs"
INITIAL_API_VERSION: Final = "__initialApiVersion"
FIELD_MANAGER: Final = "__fieldManager"
BOOKKEEPING: Final = (INPUTS, INITIAL_API_VERSION, FIELD_MANAGER)

# Set by the API server alone (Kubernetes API reference, ObjectMeta).
READ_ONLY_METADATA: Final = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"

# JSON schema extensions that the SDKs spell with underscores (pulumi-kubernetes, `provider.go`,
# underscoreToDashMap).
_UNDERSCORED: Final = {
    f"x_kubernetes_{name.replace('-', '_')}": f"x-kubernetes-{name}"
    for name in (
        "embedded-resource",
        "int-or-string",
        "list-map-keys",
        "list-type",
        "map-type",
        "preserve-unknown-fields",
        "validations",
    )
}
_DASHED: Final = {dashed: underscored for underscored, dashed in _UNDERSCORED.items()}
_MISSING: Final = object()


def for_server(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return `fields` with the names that the API uses; secrets must have been revealed."""
    return _renamed(fields, _UNDERSCORED)  # type: ignore[no-any-return]


def for_engine(live: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the API sent with the names that the SDKs use."""
    return _renamed(live, _DASHED)  # type: ignore[no-any-return]


def normalized(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return inputs in the form in which they are compared and kept.

    Read-only metadata are left out, and a Secret's `stringData` become `data`, as the API server makes them.
    """
    result = dict(fields)
    metadata = result.get("metadata")
    if isinstance(metadata, Mapping):
        result["metadata"] = {key: value for key, value in metadata.items() if key not in READ_ONLY_METADATA}
    if is_secret(result) and "stringData" in result:
        result = _fold_string_data(result)
    return result


def is_secret(fields: Mapping[str, Any]) -> bool:
    """Tell whether this is a core Secret."""
    return fields.get("apiVersion") == "v1" and fields.get("kind") == "Secret"


def is_crd(fields: Mapping[str, Any]) -> bool:
    """Tell whether this is a CustomResourceDefinition."""
    return fields.get("apiVersion") == "apiextensions.k8s.io/v1" and fields.get("kind") == "CustomResourceDefinition"


def checkpoint(
    live: Mapping[str, Any], inputs: Mapping[str, Any], sealed_inputs: Mapping[str, Any], field_manager: str
) -> dict[str, Any]:
    """Return the state to keep: the live object, and the inputs and the field manager it was made with.

    The layout is the vendor's, so that its plugin can take over a stack from this one and the other way
    round. `sealed_inputs` are the inputs with their secrets marked; the same places are marked in the
    result.
    """
    state = sealed_like(for_engine(live), sealed_inputs)
    state[INPUTS] = sealed_like(inputs, sealed_inputs)
    state[INITIAL_API_VERSION] = live["apiVersion"]
    state[FIELD_MANAGER] = field_manager
    return state


def live_part(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the live object of a kept state."""
    return {key: value for key, value in state.items() if key not in BOOKKEEPING}


def sealed_like(plain: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    """Return `plain` with secret what is secret at the same place of `source`; all data of a core Secret
    always are.

    A list is secret as a whole when any of its items is: the server may reorder it.
    """
    if plain.get("kind") == "Secret" and isinstance(plain.get("kind"), str):
        return {key: _sealed(value) if key in ("data", "stringData") else value for key, value in plain.items()}
    result = dict(plain)
    for key, wanted in source.items():
        if key not in result:
            continue
        value = result[key]
        if isinstance(value, Mapping) and isinstance(wanted, Mapping):
            result[key] = sealed_like(value, wanted)
        elif has_secret(wanted):
            result[key] = _sealed(value)
    return result


def pruned(live: Any, shape: Any) -> Any:
    """Return what `live` holds at the places that `shape` has; a place that `live` lacks is left out."""
    if isinstance(live, Mapping) and isinstance(shape, Mapping):
        return {key: pruned(live[key], inner) for key, inner in shape.items() if key in live}
    if isinstance(live, list) and isinstance(shape, list):
        return [pruned(item, shape[index]) if index < len(shape) else item for index, item in enumerate(live)]
    return live


def refreshed(inputs: Any, before: Any, now: Any) -> Any:
    """Return `inputs` with what was changed behind Pulumi's back: where the live object differs from what
    it was.

    `before` is the live object as last recorded. Where it and `now` agree the inputs stand as they were
    written, although the server may spell them otherwise (a quantity of `1000m` reads back as `1`). Fields
    that are not in the inputs belong to others.
    """
    if isinstance(inputs, Mapping) and isinstance(now, Mapping):
        past = before if isinstance(before, Mapping) else {}
        result = {}
        for key, value in inputs.items():
            if key in now:
                result[key] = refreshed(value, past.get(key, _MISSING), now[key])
            elif key not in past:
                result[key] = value  # the server keeps no such field, an empty map for one
        return result
    if isinstance(inputs, list) and isinstance(now, list):
        if before == now:
            return inputs
        if isinstance(before, list) and len(before) == len(now) == len(inputs):
            return [refreshed(*item) for item in zip(inputs, before, now, strict=True)]
        return pruned(now, inputs)
    return inputs if before == now else now


def importable(live: Mapping[str, Any]) -> dict[str, Any]:
    """Return inputs that describe a live object nothing is known of: all but what the server alone sets."""
    result = {key: value for key, value in live.items() if key != "status"}
    metadata = {key: value for key, value in live["metadata"].items() if key not in READ_ONLY_METADATA}
    annotations = {
        key: value
        for key, value in (metadata.pop("annotations", None) or {}).items()
        if key not in (_LAST_APPLIED, "deployment.kubernetes.io/revision")
    }
    if annotations:
        metadata["annotations"] = annotations
    return {**result, "metadata": metadata}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    return _map_keys(value, lambda key: names.get(key, key))


def _map_keys(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {rename(key): _map_keys(item, rename) for key, item in value.items()}
    if isinstance(value, list):
        return [_map_keys(item, rename) for item in value]
    return value


def _fold_string_data(fields: Mapping[str, Any]) -> dict[str, Any]:
    result = {key: value for key, value in fields.items() if key != "stringData"}
    text, hidden = _opened(fields["stringData"])
    data, data_hidden = _opened(fields.get("data") or {})
    if not isinstance(text, Mapping) or not isinstance(data, Mapping):
        return dict(fields)  # unknown as a whole: folded once it is known
    folded = {**data, **{key: _encoded(value) for key, value in text.items()}}
    result["data"] = Secret(folded) if hidden or data_hidden else folded
    return result


def _opened(value: Any) -> tuple[Any, bool]:
    return (value.value, True) if isinstance(value, Secret) else (value, False)


def _encoded(value: Any) -> Any:
    if isinstance(value, Secret):
        return Secret(_encoded(value.value))
    if isinstance(value, Unknown):
        return value
    return base64.b64encode(str(value).encode()).decode()


def _sealed(value: Any) -> Any:
    return value if isinstance(value, Secret) else Secret(value)
