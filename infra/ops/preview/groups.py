"""Instance groups in a run: which must be rolled, and what their machines are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.ops.preview.changes import REPLACE, Change
from infra.ops.preview.differences import ABSENT, Difference
from infra.ops.preview.events import Run, State, Step
from infra.ops.preview.words import listed
from infra.ops.roll.order import ROLES
from infra.plan.node.mirrors import HOSTS
from infra.plan.node.sysctls import SYSCTLS
from infra.plan.stateful import GROUP_TYPE, OBJECT_TYPE

TEMPLATE_TYPE = "aws:ec2/launchTemplate:LaunchTemplate"
CONTROL_PLANE = "ControlPlane"
_NAME_TAG = "slipway/instance-group"

_NO_MACHINE_SEES = frozenset({"tags", "description", "updateDefaultVersion", "name", "defaultVersion"})
"""Properties of a launch template that are the template's own: a change of them alone leaves machines as they are."""

_WORDS: Mapping[str, str] = {
    "instanceType": "machine type",
    "imageId": "image",
    "userData": "first-boot configuration",
    "blockDeviceMappings": "disks",
    "metadataOptions": "metadata service",
    "networkInterfaces": "network interfaces and security groups",
    "iamInstanceProfile": "IAM profile",
    "tagSpecifications": "tags of machines and volumes",
    "monitoring": "detailed monitoring",
    "creditSpecification": "CPU credits",
    "placement": "tenancy",
}


NODE_SETTINGS = "/etc/slipway/node.env"
_FILES_DIGEST = "FILES_SHA256"
"""A setting that differs with the files that the machines fetch, which are told themselves."""
_SETTING_WORDS: Mapping[str, str] = {
    "KUBELET_VERSION": "Kubernetes",
    "KUBELET_ARCH": "processors",
    "NODE_LABELS": "node labels",
}


@dataclass(frozen=True)
class Group:
    """An instance group as it is and as it will be."""

    name: str
    role: str
    template: Step | None
    scaling: Step | None

    def machines(self, *, new: bool) -> int:
        """Return how many machines run: the desired number where it is said or was seen, else the least."""
        if self.scaling is None:
            return 0
        state = self.scaling.new if new else self.scaling.old
        if state is None:
            return 0
        wanted = state.inputs.get("desiredCapacity")
        least, most = number(state.inputs.get("minSize")), number(state.inputs.get("maxSize"))
        if isinstance(wanted, int | float):
            return int(wanted)
        seen = self.scaling.old.outputs.get("desiredCapacity") if self.scaling.old else None
        return min(max(int(seen), least), most) if isinstance(seen, int | float) else least


@dataclass(frozen=True)
class Roll:
    """A group whose machines must be replaced by ``slipway roll`` before the change reaches them."""

    group: str
    role: str
    machines: int
    reasons: tuple[str, ...]


def number(value: Any) -> int:
    """Return a number of machines as the engine tells it, 0 where it is not known."""
    return int(value) if isinstance(value, int | float) else 0


def groups_of(run: Run) -> dict[str, Group]:
    """Return every instance group in the run, changed or not, by the URN of its component."""
    templates: dict[str, Step] = {}
    scalings: dict[str, Step] = {}
    for step in run.steps:
        if step.op.endswith("-replaced") or step.type not in (TEMPLATE_TYPE, GROUP_TYPE):
            continue
        (templates if step.type == TEMPLATE_TYPE else scalings)[step.state.parent or step.urn] = step
    return {
        key: _group(templates.get(key), scalings.get(key))
        for key in sorted({*templates, *scalings}, key=lambda urn: urn.rpartition("::")[2])
    }


def _group(template: Step | None, scaling: Step | None) -> Group:
    known = template or scaling
    tags = {**(tags_of(template.state) if template else {}), **(tags_of(scaling.state) if scaling else {})}
    name = tags.get(_NAME_TAG) or (known.name if known else "")
    return Group(str(name), str(tags.get("slipway/role", "")), template, scaling)


def name_of(state: State, logical: str) -> str:
    """Return what a group is called, of its template or its Auto Scaling group: its logical name is the first one."""
    return str(tags_of(state).get(_NAME_TAG) or logical)


def tags_of(state: State) -> dict[str, Any]:
    """Return the tags of a launch template or an Auto Scaling group, key -> value."""
    tags = state.inputs.get("tags")
    if isinstance(tags, list):
        return {tag.get("key", ""): tag.get("value", "") for tag in tags if isinstance(tag, Mapping)}
    return dict(tags) if isinstance(tags, Mapping) else {}


def renames_of(groups: Mapping[str, Group]) -> tuple[tuple[str, str], ...]:
    """Return the former and the new name of each group that is called otherwise and stays the same group."""
    found = []
    for group in groups.values():
        old = group.template.old if group.template else None
        tags = old.inputs.get("tags") if old else None
        former = tags.get(_NAME_TAG) if isinstance(tags, Mapping) else None
        if former and former != group.name:
            found.append((str(former), group.name))
    return tuple(found)


def rolls_of(groups: Mapping[str, Group], changes: Sequence[Change]) -> tuple[Roll, ...]:
    """Return the groups to roll, in the order in which that is done."""
    by_urn = {change.urn: change for change in changes}
    found = list(_rolls(groups, by_urn))
    return tuple(sorted(found, key=lambda roll: (role_order(roll.role), roll.group)))


def role_order(role: str) -> int:
    """Return a role's place in the order of rolling; what is unknown comes last."""
    return ROLES.index(role) if role in ROLES else len(ROLES)


def _rolls(groups: Mapping[str, Group], changes: Mapping[str, Change]) -> Iterator[Roll]:
    for group in groups.values():
        change = changes.get(group.template.urn) if group.template else None
        # Of those that a smaller size ends, and of those that a larger one starts, none is rolled.
        machines = min(group.machines(new=False), group.machines(new=True))
        if change is None or machines == 0:
            continue
        seen = [each for each in change.differences if top(each.path) not in _NO_MACHINE_SEES]
        if change.op == REPLACE or seen:
            reasons = [*_reasons(seen, change.op == REPLACE), *_files(change.name, changes)] or [_WORDS["userData"]]
            yield Roll(group.name, group.role, machines, tuple(reasons))


def _reasons(differences: Sequence[Difference], replaced: bool) -> Iterator[str]:
    if replaced:
        yield "another launch template"
    told = set[str]()
    for each in differences:
        key = top(each.path)
        word = _WORDS.get(key, key)
        if key == "userData":
            file = each.path.partition("(")[2].rstrip(")")
            settings = list(_settings(each.lines)) if file == NODE_SETTINGS else []
            if not settings and file == NODE_SETTINGS and _only_digest(each.lines):
                continue
            about = "kernel parameters" if file == SYSCTLS else f"{word}: {file}" if file else word
            yield from settings or [f"{about}{_in_short(each.lines) if file else ''}"]
        elif each.lines or "[" in each.path or "." in each.path or "{" in (each.old[:1], each.new[:1]):
            if key not in told:
                yield word
        elif key == "instanceType" and each.new == ABSENT:
            yield f"machine types of a mixed instances policy, in place of {each.old}"
        elif key == "instanceType" and each.old == ABSENT:
            yield f"machine type {each.new}, in place of a mixed instances policy"
        else:
            yield f"{word} {each.old} → {each.new}"
        told.add(key)


_FILES_TOLD = 4
_SHORT_LINES, _SHORT_CHARACTERS = 6, 120


def _in_short(lines: Sequence[str]) -> str:
    """Return the lines that differ, where they are few: a taint or a flag says more than its file's name."""
    kept = [f"{line[0]} {line[1:].strip()}" for line in lines if line[:1] in ("+", "-") and line[1:].strip()]
    text = ", ".join(kept)
    return f" ({text})" if kept and len(kept) <= _SHORT_LINES and len(text) <= _SHORT_CHARACTERS else ""


def _settings(lines: Sequence[str]) -> Iterator[str]:
    """Yield what differs in the machines' settings, where the diff of their lines shows nothing else."""
    sides: dict[str, dict[str, str]] = {"-": {}, "+": {}}
    for line in lines:
        if line[:1] in sides:
            key, sign, value = line[1:].partition("=")
            if not sign:
                return
            sides[line[0]][key] = value
    for key in sorted({*sides["-"], *sides["+"]} - {_FILES_DIGEST}):
        old, new = (side.get(key) or ABSENT for side in (sides["-"], sides["+"]))
        yield f"{_SETTING_WORDS.get(key, key)}{_between(old, new)}"


def _only_digest(lines: Sequence[str]) -> bool:
    """Return whether nothing differs but the digest of the files that the machines fetch."""
    return all(line[1:].startswith(f"{_FILES_DIGEST}=") for line in lines if line[:1] in ("+", "-"))


def _between(old: str, new: str) -> str:
    before, after = old.split(","), new.split(",")
    if len(before) == len(after) == 1:
        return f" {old} → {new}"
    gone = [f"without {each}" for each in before if each not in after]
    return f": {', '.join([*gone, *(each for each in after if each not in before)])}"


def _files(identity: str, changes: Mapping[str, Change]) -> Iterator[str]:
    """Yield the files that the group's machines read from the state bucket, and that differ."""
    for change in changes.values():
        if change.type == OBJECT_TYPE and change.name == f"{identity}/files.json":
            found = [each.path.partition(" (")[2].rstrip(")") for each in change.differences if " (" in each.path]
            mirrored = [path.removeprefix(HOSTS).split("/")[1] for path in found if path.startswith(f"{HOSTS}/")]
            if mirrored:
                yield f"mirrors of {listed(mirrored, _FILES_TOLD)}"
            found = [path for path in found if not path.startswith(f"{HOSTS}/")]
            if found:
                more = f" and {len(found) - _FILES_TOLD} more" if len(found) > _FILES_TOLD else ""
                yield f"first-boot file{'s' if found[1:] else ''}: {', '.join(found[:_FILES_TOLD])}{more}"


def top(path: str) -> str:
    """Return the first name in a property path."""
    return path.partition("[")[0].partition(".")[0].partition(" (")[0]
