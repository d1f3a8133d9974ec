"""Drift, told from what a refresh found. A pure function of the engine's events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from infra.ops.drift.beside import Beside
from infra.ops.drift.role_policies import INLINE, MANAGED, ROLE, BesidePolicy
from infra.ops.drift.sent import as_sent
from infra.ops.preview.changes import short_type
from infra.ops.preview.differences import ABSENT, step_differences, value_at
from infra.ops.preview.events import PROVIDER_PREFIX, Diagnostic, Run, Step
from infra.ops.preview.unfinished import called, reasons, run_again, where_to_look

Verdict = Literal["none", "drift", "failed"]
EXIT_CODES: Mapping[Verdict, int] = {"none": 0, "failed": 1, "drift": 4}

UNDECLARED: Mapping[str, Mapping[str, str]] = {
    "aws:ec2/launchTemplate:LaunchTemplate": {
        "latestVersion": "machines start from the newest version, and this one is not the program's",
        "defaultVersion": "another version than the program's is the default",
    },
}
"""Type -> properties that no program declares and that nobody but the program should move, and what that means."""

TOLD_ELSEWHERE: Mapping[str, frozenset[str]] = {ROLE: frozenset({INLINE, MANAGED})}
"""Type -> properties that hold what other resources declare: what else is in them is told as beside the program."""


@dataclass(frozen=True)
class Drifted:
    """One property that is not as declared."""

    urn: str
    label: str
    path: str
    expected: str
    found: str
    lines: tuple[str, ...] = ()
    """From expected to found, line by line, where the value is a longer text."""
    note: str = ""


@dataclass(frozen=True)
class Gone:
    """A resource that exists no more."""

    urn: str
    label: str
    id: str


@dataclass(frozen=True)
class Moved:
    """A property that AWS or a controller set, and no program declares: no drift."""

    urn: str
    label: str
    path: str
    before: str
    found: str


@dataclass(frozen=True)
class Unfinished:
    """An object whose last update was sent and did not come to its end: no drift, and not done either."""

    urn: str
    label: str
    reasons: str
    """Why it had not finished when the update ended."""
    now: str
    """Why it has not yet; empty where it has finished since."""
    look: str
    """The command that says what is wrong."""
    again: str = ""
    """What runs a Job again that has failed."""


@dataclass(frozen=True)
class DriftReport:
    """What a refresh found, and what EC2 and IAM have beside it."""

    environment: str
    verdict: Verdict
    headline: str
    gone: tuple[Gone, ...]
    drifted: tuple[Drifted, ...]
    beside: tuple[Beside, ...]
    policies: tuple[BesidePolicy, ...]
    """Policies beside the program on its roles."""
    unfinished: tuple[Unfinished, ...]
    moved: tuple[Moved, ...]
    errors: tuple[Diagnostic, ...]
    looked_at: int
    """Resources that were compared."""

    @property
    def exit_code(self) -> int:
        """Return the exit status of the command."""
        return EXIT_CODES[self.verdict]

    @property
    def repair(self) -> str:
        """Return the command that makes what is as it is declared; empty where an update has nothing to set back.

        Without its refresh the engine compares the program with its state, which knows nothing of what was changed.
        """
        return f"pulumi up --refresh --stack {self.environment}" if self.gone or self.drifted else ""


def drift_of(
    run: Run, environment: str, beside: tuple[Beside, ...] = (), policies: tuple[BesidePolicy, ...] = ()
) -> DriftReport:
    """Return what a previewed refresh found; ``beside`` and ``policies`` are what no refresh can see."""
    results = [step for step in run.results if step.state.custom and not step.type.startswith(PROVIDER_PREFIX)]
    gone = tuple(
        Gone(step.urn, _label(step), step.old.id if step.old else "") for step in results if step.op == "delete"
    )
    compared = [step for step in results if step.op in ("update", "refresh", "same") and step.old and step.new]
    drifted = tuple(each for step in compared for each in _drifted(as_sent(step)))
    unfinished = tuple(each for step in compared for each in _unfinished(step, environment))
    moved = tuple(each for step in compared for each in _moved(step))
    verdict: Verdict = "failed" if not run.finished else "drift" if gone or drifted or beside or policies else "none"
    return DriftReport(
        environment=environment,
        verdict=verdict,
        headline=_headline(verdict, environment, gone, drifted, _beside(beside, policies), len(results)),
        gone=gone,
        drifted=drifted,
        beside=beside,
        policies=policies,
        unfinished=unfinished,
        moved=moved,
        errors=run.errors,
        looked_at=len(results),
    )


def _headline(
    verdict: Verdict,
    environment: str,
    gone: tuple[Gone, ...],
    drifted: tuple[Drifted, ...],
    beside: list[str],
    looked_at: int,
) -> str:
    if verdict == "failed":
        return f"{environment}: looking for drift FAILED; what follows is what was seen before that."
    if verdict == "none":
        return f"{environment}: no drift in {looked_at} resources."
    resources = len({each.urn for each in drifted})
    parts = [f"{len(gone)} of them gone"] if gone else []
    properties = "1 property" if len(drifted) == 1 else f"{len(drifted)} properties"
    parts += [f"{properties} of {resources} changed outside"] if drifted else []
    told = [f"Of {looked_at} resources: {', '.join(parts)}."] if parts else []
    return f"{environment}: DRIFT. {' '.join(told + beside)}"


def _beside(rules: tuple[Beside, ...], policies: tuple[BesidePolicy, ...]) -> list[str]:
    counted = {"Security group rules": len(rules), "Policies of roles": len(policies)}
    return [f"{what} beside the program: {count}." for what, count in counted.items() if count]


def _label(step: Step) -> str:
    return f"{short_type(step.type)} {step.name}"


def _drifted(step: Step) -> Iterator[Drifted]:
    assert step.old is not None and step.new is not None  # noqa: S101, PT018 (compared steps have both)
    if step.op == "update":
        for each in step_differences(step):
            yield Drifted(step.urn, _label(step), each.path, each.old, each.new, each.lines)
    for path, note in UNDECLARED.get(step.type, {}).items():
        before, found = value_at(step.old.outputs, path), value_at(step.new.outputs, path)
        if before != found and ABSENT not in (before, found):
            yield Drifted(step.urn, _label(step), path, before, found, note=note)


def _unfinished(step: Step, environment: str) -> Iterator[Unfinished]:
    assert step.old is not None and step.new is not None  # noqa: S101, PT018 (compared steps have both)
    if step.old.unfinished:
        look = where_to_look(step, environment)
        yield Unfinished(
            step.urn, called(step), reasons(step.old), reasons(step.new), look, run_again(step, environment)
        )


def _moved(step: Step) -> Iterator[Moved]:
    assert step.old is not None and step.new is not None  # noqa: S101, PT018 (compared steps have both)
    told = {diff.path.partition("[")[0].partition(".")[0] for diff in step.diffs}
    declared = {*step.old.inputs, *step.new.inputs, *told, *UNDECLARED.get(step.type, {}), "tagsAll"}
    declared |= TOLD_ELSEWHERE.get(step.type, frozenset())
    if step.type.startswith("kubernetes:"):
        # What controllers keep their account in moves with every look; `slipway validate` judges it.
        declared.add("status")
    for key in sorted({*step.old.outputs, *step.new.outputs} - declared):
        before, found = value_at(step.old.outputs, key), value_at(step.new.outputs, key)
        if before != found:
            yield Moved(step.urn, _label(step), key, before, found)
