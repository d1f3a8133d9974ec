"""The import rules of the layout: which part may import which, and what pure code must not touch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("infra", "rehearsal", "tests", "benchmarks", "tools", "policy")

# Part -> the parts of ours it may import besides itself. The most exact path that a module lies under counts.
ALLOWED: dict[str, tuple[str, ...]] = {
    "infra": (),
    "infra.spec": (),
    "infra.plan": ("infra.spec",),
    "infra.components": ("infra.spec", "infra.plan"),
    "infra.ops": ("infra.spec", "infra.plan"),
    "infra.templates": (),
    "infra.program": ("infra.spec", "infra.plan", "infra.components", "infra.in_cluster"),
    "infra.in_cluster": ("infra.spec", "infra.plan", "infra.components"),
    "infra.testing": ("infra.spec", "infra.plan", "infra.components", "infra.program"),
    "infra.commands": ("infra.spec", "infra.plan", "infra.ops"),
    "infra.cli": ("infra",),
    "rehearsal": ("infra.spec", "infra.plan", "infra.ops"),
    "benchmarks": ("infra", "rehearsal"),
    "policy": ("infra.plan",),
    "__main__": ("infra",),
}

# Part -> modules of others that it must not import, because it is to be pure or to act through one way only.
FORBIDDEN: dict[str, tuple[str, ...]] = {
    "infra.spec": ("boto3", "botocore", "subprocess", "socket", "time"),
    "infra.plan": (
        "pulumi", "pulumi_aws", "pulumi_kubernetes", "pulumi_tls", "boto3", "botocore", "subprocess", "socket",
        "time", "random", "secrets", "uuid", "requests", "urllib",
    ),
    "infra.components": ("boto3", "botocore", "subprocess", "time", "random"),
    "infra.ops": ("pulumi", "pulumi_aws", "pulumi_kubernetes"),
}  # fmt: skip

# What a plan must not read although its module may be imported: the clock, the environment.
IMPURE: tuple[str, ...] = (
    "os.environ", "os.getenv", "os.environb", "datetime.now", "datetime.utcnow", "datetime.today", "date.today",
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
)  # fmt: skip


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_under(module: str, part: str) -> bool:
    return module == part or module.startswith(f"{part}.")


def part_of(module: str) -> str | None:
    """The most exact part that has a rule for this module."""
    return max((part for part in ALLOWED if is_under(module, part)), key=len, default=None)


def imports(tree: ast.AST, module: str, is_package: bool) -> Iterator[tuple[int, str]]:
    """Every import in a module, also inside functions: its line and the imported module's full name.

    `from a import b` yields `a.b`, since b may be a module; rules look at prefixes, so a plain name does no harm.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module.split(".") if is_package else module.split(".")[:-1]
                above = package[: len(package) - (node.level - 1)]
                base = ".".join((*above, *filter(None, [node.module])))
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


def broken_rules(tree: ast.AST, module: str, is_package: bool = False) -> list[str]:
    """What in this module breaks the rules, as sentences with line numbers."""
    part = part_of(module)
    if part is None:
        return []
    found = []
    for line, imported in imports(tree, module, is_package):
        if imported.split(".")[0] in OURS:
            # The package `infra` has no code of its own; its parts have their own rules.
            own = () if part == "infra" else (part,)
            if not any(is_under(imported, allowed) for allowed in (*own, *ALLOWED[part])):
                found.append(f"{module}:{line} imports {imported}, which {part} may not")
        elif any(is_under(imported, name) for name in FORBIDDEN.get(part, ())):
            found.append(f"{module}:{line} imports {imported}, which {part} may not")
    if part == "infra.plan":
        found += [
            f"{module}:{node.lineno} reads {ast.unparse(node)}, and a plan reads neither clock nor environment"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and ast.unparse(node) in IMPURE
        ]
        found += [
            f"{module}:{line} imports {imported}, and a plan reads neither clock nor environment"
            for line, imported in imports(tree, module, is_package)
            if imported in IMPURE
        ]
    return found


def sources() -> list[Path]:
    folders = [ROOT / name for name in ("infra", "rehearsal", "benchmarks")]
    return sorted([ROOT / "__main__.py", *(path for folder in folders for path in folder.rglob("*.py"))])


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_keeps_the_import_rules(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    assert broken_rules(tree, module_name(path), path.name == "__init__.py") == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("infra.spec.groups", "from infra.plan import subnets"),
        ("infra.spec.groups", "import rehearsal.up"),
        ("infra.spec.groups", "def f():\n    import boto3"),
        ("infra.plan.subnets", "import pulumi"),
        ("infra.plan.subnets", "from pulumi_aws import ec2"),
        ("infra.plan.subnets", "from infra.components.network import Network"),
        ("infra.plan.subnets", "from ..components import network"),
        ("infra.plan.subnets", "from .. import components"),
        ("infra.plan.subnets", "import time"),
        ("infra.plan.subnets", "from os import environ"),
        ("infra.plan.subnets", "import os\nx = os.environ['HOME']"),
        ("infra.plan.subnets", "import os\nx = os.getenv('HOME')"),
        ("infra.plan.subnets", "from datetime import datetime\nx = datetime.now()"),
        ("infra.plan.subnets", "import datetime\nx = datetime.datetime.now(datetime.UTC)"),
        ("infra.components.network", "from infra.ops import bootstrap"),
        ("infra.components.network", "import boto3"),
        ("infra.ops.bootstrap", "from infra.components import network"),
        ("infra.ops.bootstrap", "import infra.cli"),
        ("infra.cli", "import rehearsal"),
        ("infra.program", "from infra.ops import bootstrap"),
        ("infra", "from infra.spec import load"),
        ("rehearsal.up", "from infra.components import network"),
        ("rehearsal.up", "from infra import components"),
        ("__main__", "import rehearsal"),
    ],
)
def test_a_broken_rule_is_found(module: str, source: str) -> None:
    assert len(broken_rules(ast.parse(source), module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("infra.spec.groups", "from infra.spec.errors import Problem\nimport pulumi"),
        ("infra.plan.subnets", "from infra.spec import Network\nfrom . import names\nimport ipaddress"),
        ("infra.plan.subnets", "from ..spec import network\nfrom datetime import timedelta"),
        ("infra.components.network", "import pulumi_aws\nfrom infra.plan.subnets import plan"),
        ("infra.ops.bootstrap", "import boto3\nfrom infra.plan import bucket"),
        ("infra.cli", "from infra.ops import bootstrap\nfrom infra.components import network"),
        ("infra.program", "from infra.components.network import Network\nfrom infra.spec import load"),
        ("rehearsal.up", "import pulumi, boto3\nfrom infra.spec import load\nfrom rehearsal import processes"),
        ("tests.test_x", "import rehearsal, infra.components"),
    ],
)
def test_a_kept_rule_is_left_alone(module: str, source: str) -> None:
    assert broken_rules(ast.parse(source), module) == []


def test_a_package_resolves_its_relative_imports_from_itself() -> None:
    tree = ast.parse("from .subnets import plan\nfrom ..components import network")
    assert broken_rules(tree, "infra.plan", is_package=True) == [
        "infra.plan:2 imports infra.components.network, which infra.plan may not"
    ]
