"""The engine's events, typed: lines of ``--json`` as they stream, or the digest that plain ``--json`` prints.

The shapes are those of the Pulumi SDK, ``sdk/go/common/apitype/events.go`` (v3.259.0), and, for the digest,
``pkg/display/json.go``. Values are blinded as they are read (:mod:`infra.ops.preview.secrets`): nothing after this
module sees a secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.ops.preview.errors import PreviewError
from infra.ops.preview.secrets import blinded, scrubbed
from infra.ops.preview.tracebacks import without_frames

PROVIDER_PREFIX = "pulumi:providers:"


@dataclass(frozen=True)
class State:
    """One side of a step: a resource as it was, or as it will be."""

    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    id: str = ""
    parent: str = ""
    custom: bool = True
    """Whether a provider stands behind it; a component is only a name for others."""
    protect: bool = False
    retain_on_delete: bool = False
    unfinished: tuple[str, ...] = ()
    """Why the last update of the resource did not come to its end, though the provider had sent what was declared."""


@dataclass(frozen=True)
class PathDiff:
    """One property that the provider says differs."""

    path: str
    kind: str
    input_diff: bool = True

    @property
    def replaces(self) -> bool:
        """Return whether this property is why the resource is replaced."""
        return self.kind.endswith("-replace")


@dataclass(frozen=True)
class Step:
    """One operation on one resource."""

    op: str
    urn: str
    type: str
    old: State | None = None
    new: State | None = None
    keys: tuple[str, ...] = ()
    """Properties that force a replacement."""
    diffs: tuple[PathDiff, ...] = ()

    @property
    def name(self) -> str:
        """Return the logical name."""
        return self.urn.rpartition("::")[2]

    @property
    def state(self) -> State:
        """Return the newer side."""
        return self.new or self.old or State({}, {})


@dataclass(frozen=True)
class Diagnostic:
    """Something the engine, the program or a provider said."""

    severity: str
    message: str
    urn: str = ""


@dataclass(frozen=True)
class Violation:
    """A rule of a policy pack that a resource breaks."""

    pack: str
    policy: str
    level: str
    message: str
    urn: str = ""


@dataclass(frozen=True)
class Run:
    """What one run of the engine told."""

    steps: tuple[Step, ...] = ()
    results: tuple[Step, ...] = ()
    """Steps as they ended: a refresh says here what it found."""
    diagnostics: tuple[Diagnostic, ...] = ()
    violations: tuple[Violation, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    finished: bool = False
    """Whether the engine came to its summary and called it a success."""

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Return the diagnostics that are errors."""
        return tuple(each for each in self.diagnostics if each.severity == "error")


def read_events(text: str, source: str) -> Run:
    """Return the run that ``text`` tells of: an event a line, or one digest.

    Raises:
        PreviewError: it is neither.
    """
    stripped = text.strip()
    if not stripped:
        raise PreviewError(f"{source} holds no event. Give the output of `pulumi preview --json`, or its event log.")
    documents = list(_documents(stripped, source))
    if len(documents) == 1 and not _is_event(documents[0]):
        return _digest(documents[0])
    return _stream(documents)


def _documents(text: str, source: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    at = 0
    while at < len(text):
        try:
            document, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            line = text.count("\n", 0, error.pos) + 1
            raise PreviewError(f"{source}, line {line}: not the engine's JSON: {error.msg}.") from None
        if not isinstance(document, dict):
            raise PreviewError(f"{source}: expected JSON objects, found {type(document).__name__}.")
        yield document
        while at < len(text) and text[at].isspace():
            at += 1


def _is_event(document: Mapping[str, Any]) -> bool:
    return "sequence" in document or any(key.endswith("Event") for key in document)


def _stream(events: list[dict[str, Any]]) -> Run:
    steps: list[Step] = []
    results: list[Step] = []
    diagnostics: list[Diagnostic] = []
    violations: list[Violation] = []
    summary: Mapping[str, Any] = {}
    for event in events:
        if found := event.get("resourcePreEvent"):
            steps.append(_step(found["metadata"]))
        elif found := event.get("resOutputsEvent"):
            results.append(_step(found["metadata"]))
        elif found := event.get("diagnosticEvent"):
            diagnostics += _diagnostic(found)
        elif found := event.get("errorEvent"):
            diagnostics.append(Diagnostic("error", scrubbed(found.get("error", ""))))
        elif found := event.get("policyEvent"):
            violations.append(_violation(found))
        elif found := event.get("summaryEvent"):
            summary = found
    if len([each for each in diagnostics if each.severity == "error"]) > 1:
        # The engine ends a failed preview with these two words, after it has said why.
        diagnostics = [each for each in diagnostics if each.message != "preview failed"]
    finished = bool(summary) and summary.get("result", "succeeded") == "succeeded"
    return Run(
        steps=tuple(steps),
        results=tuple(results),
        diagnostics=tuple(diagnostics),
        violations=tuple(violations),
        counts=summary.get("resourceChanges") or {},
        finished=finished and not any(each.severity == "error" for each in diagnostics),
    )


def _digest(document: Mapping[str, Any]) -> Run:
    diagnostics = [each for item in document.get("diagnostics") or () for each in _diagnostic(item)]
    return Run(
        steps=tuple(_digest_step(step) for step in document.get("steps") or ()),
        diagnostics=tuple(diagnostics),
        counts=document.get("changeSummary") or {},
        finished="changeSummary" in document and not any(each.severity == "error" for each in diagnostics),
    )


def _step(metadata: Mapping[str, Any]) -> Step:
    urn = metadata["urn"]
    kind = metadata.get("type") or _type_of(urn)
    return Step(
        op=metadata["op"],
        urn=urn,
        type=kind,
        old=_state(_as_sent(metadata.get("old")), kind),
        new=_state(metadata.get("new"), kind),
        keys=tuple(metadata.get("keys") or ()),
        diffs=_path_diffs(metadata.get("detailedDiff")),
    )


def _digest_step(step: Mapping[str, Any]) -> Step:
    kind = _type_of(step["urn"])
    return Step(
        op=step["op"],
        urn=step["urn"],
        type=kind,
        old=_state(_as_sent(step.get("oldState")), kind),
        new=_state(step.get("newState"), kind),
        keys=tuple(step.get("replaceReasons") or ()),
        diffs=_path_diffs(step.get("detailedDiff")),
    )


def _path_diffs(detailed: Mapping[str, Any] | None) -> tuple[PathDiff, ...]:
    return tuple(
        PathDiff(path, entry.get("diffKind") or entry.get("kind") or "update", bool(entry.get("inputDiff")))
        for path, entry in sorted((detailed or {}).items())
    )


def _as_sent(old: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return a state whose inputs are those that the resource has.

    Where pods did not become ready in time, the engine keeps the inputs of before the update, and pulumi-kubernetes
    beside them those that it had sent (``pkg/provider/provider.go``, ``Update``): they are what the object is like.
    """
    sent = (old.get("outputs") or {}).get("__inputs") if old and old.get("initErrors") else None
    return {**old, "inputs": sent} if old and isinstance(sent, Mapping) else old


def _state(state: Mapping[str, Any] | None, kind: str) -> State | None:
    if state is None:
        return None
    return State(
        inputs=blinded(state.get("inputs") or {}, kind),
        outputs=blinded(state.get("outputs") or {}, kind),
        id=state.get("id") or "",
        parent=state.get("parent") or "",
        custom=bool(state.get("custom")),
        protect=bool(state.get("protect")),
        retain_on_delete=bool(state.get("retainOnDelete")),
        unfinished=tuple(scrubbed(str(each).strip()) for each in state.get("initErrors") or ()),
    )


def _diagnostic(event: Mapping[str, Any]) -> list[Diagnostic]:
    severity = event.get("severity", "info")
    if severity in ("debug", "info#debug") or event.get("ephemeral"):
        return []
    message = without_frames(scrubbed(str(event.get("message", "")).strip()))
    return [Diagnostic(severity, message, event.get("urn") or "")] if message else []


def _violation(event: Mapping[str, Any]) -> Violation:
    return Violation(
        pack=event.get("policyPackName", ""),
        policy=event.get("policyName", ""),
        level=event.get("enforcementLevel", ""),
        message=scrubbed(event.get("message", "")),
        urn=event.get("resourceUrn") or "",
    )


def _type_of(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]
