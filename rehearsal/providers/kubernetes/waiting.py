"""Waiting for what the API server does after it has answered.

Only what needs no node is waited for: a namespace that is active, a CRD whose kind is served, an object
that is gone, and what the program itself asks for in `pulumi.com/waitFor`. The vendor's plugin also waits
for pods to be ready; a rehearsed control plane has no nodes, and its pods stay pending.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from rehearsal.providers.kubernetes.naming import annotation
from rehearsal.providers.kubernetes.objects import is_crd

SKIP_AWAIT: Final = "pulumi.com/skipAwait"
WAIT_FOR: Final = "pulumi.com/waitFor"
TIMEOUT_SECONDS: Final = "pulumi.com/timeoutSeconds"
# The vendor's defaults (pulumi-kubernetes, `provider/pkg/await`): 5 minutes for a deletion, 10 for readiness.
DELETE_SECONDS: Final = 300.0
READY_SECONDS: Final = 600.0
_FIRST_PAUSE, _LAST_PAUSE = 0.02, 1.0

_CONDITION: Final = re.compile(r"condition=(?P<type>[^=\s]+)(?:=(?P<status>\S+))?\Z")
_JSON_PATH: Final = re.compile(r"jsonpath=\{(?P<path>(?:\.[A-Za-z_][\w-]*|\[\d+\])+)\}(?:=(?P<value>.+))?\Z")

Condition = Callable[[Mapping[str, Any]], bool]


class WaitError(Exception):
    """Something did not happen in time, or the program asked to wait for what cannot be waited for."""


def timeout_of(inputs: Mapping[str, Any], requested: float, default: float) -> float:
    """Return how long to wait, in seconds: `customTimeouts` before the annotation before the default."""
    if requested > 0:
        return requested
    try:
        return float(int(annotation(inputs, TIMEOUT_SECONDS) or ""))
    except ValueError:
        return default


def ready_conditions(inputs: Mapping[str, Any]) -> dict[str, Condition]:
    """Return what to wait for after an object was created or updated, by the words that describe it.

    Raises WaitError when `pulumi.com/waitFor` holds an expression that is neither a condition nor a plain
    path.
    """
    if annotation(inputs, SKIP_AWAIT) == "true":
        return {}
    wanted: dict[str, Condition] = {}
    if inputs.get("apiVersion") == "v1" and inputs.get("kind") == "Namespace":
        wanted["status.phase is Active"] = lambda live: live.get("status", {}).get("phase") == "Active"
    if is_crd(inputs):
        wanted["condition Established is True"] = lambda live: has_condition(live, "Established", "True")
    for expression in _expressions(annotation(inputs, WAIT_FOR)):
        wanted[expression] = _parse(expression)
    return wanted


def has_condition(live: Mapping[str, Any], name: str, status: str) -> bool:
    """Tell whether `status.conditions` has this condition with this status; case does not matter."""
    return any(
        str(condition.get("type")).lower() == name.lower() and str(condition.get("status")).lower() == status.lower()
        for condition in live.get("status", {}).get("conditions") or []
    )


def is_emptied(live: Mapping[str, Any]) -> bool:
    """Tell whether a namespace that is being deleted is empty, and kept by an API alone that does not answer.

    Its controller deletes what it can find, and then waits until every group of kinds can be read. A group that pods
    serve, as metrics-server does, never can in a control plane without nodes.
    """
    unread, *left = (
        has_condition(live, f"Namespace{name}", "True")
        for name in ("DeletionDiscoveryFailure", "DeletionContentFailure", "ContentRemaining", "FinalizersRemaining")
    )
    looked_at = has_condition(live, "NamespaceContentRemaining", "False")
    deleted = live.get("kind") == "Namespace" and bool(live["metadata"].get("deletionTimestamp"))
    return deleted and unread and looked_at and not any(left)


def poll(check: Callable[[], bool], timeout: float, cancelled: threading.Event) -> bool:
    """Ask `check` until it is true; False when `timeout` seconds pass or `cancelled` is set first."""
    end = time.monotonic() + timeout
    pause = _FIRST_PAUSE
    while not check():
        left = end - time.monotonic()
        if left <= 0 or cancelled.wait(min(pause, left)):
            return False
        pause = min(pause * 1.5, _LAST_PAUSE)
    return True


def why_not_gone(live: Mapping[str, Any]) -> str:
    """Return what keeps an object that is being deleted, as far as it says."""
    metadata = live.get("metadata", {})
    reasons = []
    if metadata.get("finalizers"):
        reasons.append(f"finalizers {', '.join(metadata['finalizers'])}")
    reasons += [
        str(condition["message"])
        for condition in live.get("status", {}).get("conditions") or []
        if condition.get("status") == "True" and condition.get("message")
    ]
    if not metadata.get("deletionTimestamp"):
        reasons.append("it is not marked for deletion: another was made under its name")
    return "; ".join(reasons) or "it does not say why"


def _expressions(text: str | None) -> list[str]:
    if not text:
        return []
    try:
        several = json.loads(text)
    except ValueError:
        return [text]
    return [str(item) for item in several] if isinstance(several, list) else [text]


def _parse(expression: str) -> Condition:
    condition = _CONDITION.match(expression)
    if condition is not None:
        name, status = condition["type"], condition["status"] or "True"
        return lambda live: has_condition(live, name, status)
    path = _JSON_PATH.match(expression)
    if path is None:
        raise WaitError(
            f"{WAIT_FOR}: {expression!r} cannot be waited for; give condition=<type>[=<status>] or "
            "jsonpath={.a.b[0]}[=<value>]"
        )
    parts = re.findall(r"\.([A-Za-z_][\w-]*)|\[(\d+)\]", path["path"])
    wanted = path["value"]
    return lambda live: _matches(_walk(live, parts), wanted)


def _walk(value: Any, parts: list[tuple[str, str]]) -> Any:
    for name, index in parts:
        if name:
            value = value.get(name) if isinstance(value, Mapping) else None
        else:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
    return value


def _matches(value: Any, wanted: str | None) -> bool:
    if wanted is None:
        return value is not None
    text = json.dumps(value) if isinstance(value, bool) else str(value)
    return value is not None and text == wanted
