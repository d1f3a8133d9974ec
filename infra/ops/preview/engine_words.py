"""Errors of the engine whose own advice is dangerous or cannot be followed, in words that can."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from infra.ops.preview.autoscalers import deletion
from infra.ops.preview.changes import DELETE, REPLACE, short_type
from infra.ops.preview.events import Diagnostic, Run, Step
from infra.ops.preview.words import listed, object_named
from infra.ops.urn import type_of

_PROTECTED = re.compile(
    r'resource "(?P<urn>urn:pulumi:[^"]+)"(?: as part of replacing "[^"]+")?\s+(?:'
    r"cannot be deleted\s+because it is protected|as it is currently marked for protection)"
)
"""``deploy/step.go`` (deletion) and ``deploy/step_generator.go`` (replacement) of the engine, v3.259.0."""

_ANEW = ("replace", "create-replacement", "delete-replaced")
_NAMED = 6
"""Managers and fields that are named one by one."""
_CONFLICT = "field conflict detected"
_MANAGER = re.compile(r'conflicts? with "(?P<manager>[^"]+)"')
_ONE_FIELD = re.compile(r'conflict with "[^"]+".*?: (?P<field>\.[^\n]+)')
_EACH_FIELD = re.compile(r"^\s*- (?P<field>\.[^\n]+)", re.MULTILINE)
_ADVICE = ". To take the fields over"
"""What may follow a field in the same line."""

_REFUSED_ANEW = re.compile(
    r"Preview failed: .* was not successfully created by .*? API server: (?P<words>.* is invalid: .*)", re.DOTALL
)
"""pulumi-kubernetes (``pkg/await/await.go``, ``Creation``) previews what follows an object of its name by asking for it
beside that one, under another name only where the server calls a field immutable in just these words."""

_ALIAS = re.compile(r"reading KMS Alias \((?P<alias>alias/slipway-state-[^)]+)\)")


@dataclass(frozen=True)
class Refusal:
    """A resource that the engine will not touch, because it is protected."""

    urn: str
    op: str

    @property
    def type(self) -> str:
        """Return the resource's type token."""
        return type_of(self.urn)

    @property
    def name(self) -> str:
        """Return the resource's logical name."""
        return self.urn.rpartition("::")[2]

    @property
    def label(self) -> str:
        """Return type and name in few words."""
        return f"{short_type(self.type)} {self.name}"


def refusal_of(diagnostic: Diagnostic) -> Refusal | None:
    """Return which protected resource an error is about; None where it is about something else."""
    found = _PROTECTED.search(diagnostic.message) if diagnostic.severity == "error" else None
    if found is None:
        return None
    return Refusal(found["urn"], REPLACE if "unable to replace" in diagnostic.message else DELETE)


_REFUSES = "is protected: the engine refuses to"


def is_refusal(diagnostic: Diagnostic) -> bool:
    """Return whether an error in our words says that something is protected."""
    return diagnostic.severity == "error" and _REFUSES in diagnostic.message


def in_our_words(run: Run, stack: str) -> tuple[tuple[Diagnostic, ...], tuple[Refusal, ...]]:
    """Return what the engine said, with errors of a known kind in our words, and what it will not touch."""
    steps = {step.urn: step for step in run.steps}
    refusals = {refusal.urn: refusal for each in run.diagnostics if (refusal := refusal_of(each))}
    # What is refused for its protection comes last: it is told with the way out, and must not hide another error.
    ordered = sorted(run.diagnostics, key=lambda each: refusal_of(each) is not None)
    told = (_told(each, steps, stack) for each in ordered)
    return tuple(dict.fromkeys(told)), tuple(refusals.values())


def _told(diagnostic: Diagnostic, steps: Mapping[str, Step], stack: str) -> Diagnostic:
    if diagnostic.severity != "error":
        return diagnostic
    if refusal := refusal_of(diagnostic):
        # The engine's advice is left out: to lift the protection is how the resource gets lost.
        words = f"{refusal.label} {_REFUSES} {refusal.op} it."
        return Diagnostic("error", words, refusal.urn)
    if _CONFLICT in diagnostic.message and _MANAGER.search(diagnostic.message):
        return replace(diagnostic, message=_conflict(diagnostic, steps.get(diagnostic.urn), stack))
    anew = _REFUSED_ANEW.search(diagnostic.message)
    if anew and (step := steps.get(diagnostic.urn)) and _takes_its_place(step):
        return replace(diagnostic, message=_not_previewed(step, anew["words"], stack))
    if found := _ALIAS.search(diagnostic.message):
        hint = (
            f"{found['alias']} is not in the region and account that this preview looked in: they are not those of "
            f"the environment, or it was not bootstrapped there (`slipway bootstrap {stack}`). Put the region back, "
            "or take the credentials of the environment's account (docs/troubleshooting.md)."
        )
        return replace(diagnostic, message=f"{hint}\n{diagnostic.message}")
    return diagnostic


def _takes_its_place(step: Step) -> bool:
    """Return whether an object is made again under the name that it has, and so is deleted first."""
    if step.op not in _ANEW or step.old is None or step.new is None:
        return False
    return object_named(step.type, step.name, step.old.inputs) == object_named(step.type, step.name, step.new.inputs)


def _not_previewed(step: Step, words: str, stack: str) -> str:
    """Return what it means that an object cannot be previewed while the one of before has its name."""
    return (
        f"{_object(step.urn, step)}: Pulumi's plugin for Kubernetes cannot preview one that takes the place of "
        f"another: {' '.join(words.split())}. `pulumi up` previews first, and stops there too. Once what follows is "
        f"agreed to, delete and make it without: `pulumi up --skip-preview --stack {stack} --target '{step.urn}'`; "
        "the rest goes by an ordinary update after that (docs/troubleshooting.md)."
    )


def _conflict(diagnostic: Diagnostic, step: Step | None, stack: str) -> str:
    """Return what a conflict of server-side apply means: an annotation and ``ignore_changes`` fit in no stack file."""
    message = diagnostic.message
    managers = _listed(dict.fromkeys(_MANAGER.findall(message)))
    found = [*(each["field"] for each in _ONE_FIELD.finditer(message))]
    found += [each["field"] for each in _EACH_FIELD.finditer(message)]
    fields = _listed(dict.fromkeys(each.partition(_ADVICE)[0].strip() for each in found)) or "a field of it"
    inputs = step.state.inputs if step else {}
    return (
        f"{_object(diagnostic.urn, step)}: {managers} has set {fields} since, and the update may not take back what "
        "another has set. To keep what was set, write the same into the stack file. For the stack file's word, run "
        f"the update once with `PULUMI_K8S_ENABLE_PATCH_FORCE=true pulumi up --stack {stack}`: it takes all such "
        "fields back, of every object. Preview it first, with the same variable before `slipway preview` "
        f"(docs/drift.md).{_autoscaled(managers, fields, inputs)}"
    )


def _autoscaled(managers: str, fields: str, inputs: Mapping[str, Any]) -> str:
    """Return what is to be done before, where it is an autoscaler that has set the number of pods."""
    if (managers, fields) != ("kube-controller-manager", ".spec.replicas"):
        return ""
    return (
        f" An autoscaler did, and the engine would delete it last of all: first `{deletion(inputs)}`, if it is to go."
    )


def _object(urn: str, step: Step | None) -> str:
    inputs = step.state.inputs if step else {}
    return object_named(type_of(urn) or "An object", urn.rpartition("::")[2], inputs).strip()


def _listed(names: Iterable[str]) -> str:
    return listed(list(names), _NAMED)
