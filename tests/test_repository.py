"""Checks over the whole repository: sizes, pinned requirements, scripts, and what must not be written in it."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAX_FILE_LINES = 320
MAX_FUNCTION_LINES = 70
SCRIPTS = ("rehearse", "check", ".ci/run", "tools/lock.sh", "examples/ci/generic.sh", "examples/ci/github/comment.sh")

# Hosts of package registries. A clone must work behind any mirror, so none is written down; in parts, so that this
# file does not name them either.
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("proxy", "golang", "org"),
        ("sum", "golang", "org"),
        ("goproxy", "io"),
        ("goproxy", "cn"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
    )
)

OTHER_SOURCES = ("tests", "benchmarks")

# Modules whose distribution has another name.
DISTRIBUTIONS = {"yaml": "pyyaml"}

# Modules that belong to a required package's own interface, at the version which that package chooses.
COMES_WITH = {
    "botocore": "boto3",
    "jmespath": "boto3",
    "click": "typer",
    "pydantic_core": "pydantic",
    "grpc": "pulumi",
    "google": "pulumi",
    "werkzeug": "flask",
    "markdown_it": "markdown-it-py",
}


def long_functions(source: str) -> list[str]:
    """Functions longer than the limit, docstring included, as `name: lines`."""
    return [
        f"{node.name}: {lines}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    ]


def requirement_problems(text: str) -> list[str]:
    """Requirement lines that are not pinned exactly or have no reason in a comment right above them."""
    problems, reason = [], ""
    for line in text.splitlines():
        if line.startswith("#"):
            reason = line.strip("# -")
            continue
        if line.strip():
            if not re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z0-9,]+\])?==[0-9][A-Za-z0-9.]*", line):
                problems.append(f"{line}: not pinned as name==version")
            if len(reason.split()) < 4:
                problems.append(f"{line}: no reason in the line above")
        reason = ""
    return problems


def pins(text: str) -> dict[str, str]:
    """Names, as package indexes compare them, and versions that a requirements file pins."""
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def imported_packages(source: str) -> set[str]:
    """The top-level modules that a source imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def registries_in(text: str) -> list[str]:
    """The registry hosts that a text names."""
    return [host for host in REGISTRIES if host in text.lower()]


def python_sources() -> list[Path]:
    return sorted(path for name in ("infra", "rehearsal") for path in (ROOT / name).rglob("*.py"))


def tracked_texts() -> list[tuple[str, str]]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("needs git and a clone to list the tracked files")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    texts = []
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file():
            try:
                texts.append((name, path.read_text(encoding="utf-8")))
            except UnicodeDecodeError:
                continue  # a picture or another binary file
    return texts


def test_no_python_file_is_too_long() -> None:
    lengths = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in python_sources()}
    assert len(lengths) > 10
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_no_function_is_too_long() -> None:
    found = {
        str(path.relative_to(ROOT)): long
        for path in python_sources()
        if (long := long_functions(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_the_limit_of_a_function_is_70_lines() -> None:
    assert long_functions("def fits():\n" + "    pass\n" * 69) == []
    assert long_functions("class C:\n  async def grown(self):\n" + "    pass\n" * 70) == ["grown: 71"]


def test_every_requirement_is_pinned_and_has_its_reason() -> None:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert len(pins(text)) > 10
    assert requirement_problems(text) == []


def test_a_requirement_without_pin_or_reason_is_found() -> None:
    assert requirement_problems("# It does a thing well.\nmoto[s3]==5.2.5\n") == []
    assert requirement_problems("# It does a thing well.\n\nrich==1\n") == ["rich==1: no reason in the line above"]
    assert requirement_problems("# It does a thing well.\nrich>=1\n") == ["rich>=1: not pinned as name==version"]
    assert requirement_problems("# --- Runtime ---\nrich==1\n") == ["rich==1: no reason in the line above"]


def test_every_package_that_is_imported_is_required() -> None:
    required = pins((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    sources = [*python_sources(), *(path for folder in OTHER_SOURCES for path in (ROOT / folder).rglob("*.py"))]
    imported = set().union(*(imported_packages(path.read_text(encoding="utf-8")) for path in sources))
    ours = {"infra", "rehearsal", "policy", "tests", "benchmarks"}
    distributions = {
        module: COMES_WITH.get(module, DISTRIBUTIONS.get(module, module.replace("_", "-")))
        for module in imported - set(sys.stdlib_module_names) - ours
    }
    assert {module: name for module, name in distributions.items() if name not in required} == {}


def test_imports_are_found_wherever_they_stand() -> None:
    source = "import a.b, c\nfrom d.e import f\nfrom . import g\ndef h():\n    import i"
    assert imported_packages(source) == {"a", "c", "d", "i"}


def test_the_lock_file_holds_what_is_required_with_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    required = pins((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    locked = pins(lock)
    differing = {name: locked.get(name) for name, version in required.items() if locked.get(name) != version}
    assert differing == {}, "run tools/lock.sh"
    entries = re.split(r"\n(?=\S)", lock.strip())
    assert [entry for entry in entries if "==" in entry.splitlines()[0] and "--hash=sha256:" not in entry] == []


def test_the_engine_and_the_sdk_are_of_one_version() -> None:
    module = (ROOT / "tools" / "engine" / "go.mod").read_text(encoding="utf-8")
    engine = re.search(r"^require github\.com/pulumi/pulumi/pkg/v3 v(\S+)$", module, re.MULTILINE)
    assert engine is not None
    assert pins((ROOT / "requirements.txt").read_text(encoding="utf-8"))["pulumi"] == engine[1]


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_can_be_run_and_are_bash(name: str) -> None:
    path = ROOT / name
    assert os.access(path, os.X_OK)
    assert path.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n")


def test_no_registry_is_written_down() -> None:
    texts = tracked_texts()
    assert len(texts) > 30
    assert {name: hosts for name, text in texts if (hosts := registries_in(text))} == {}


def test_a_registry_is_found_in_any_case() -> None:
    host = REGISTRIES[0]
    assert registries_in(f"see https://files.{host.upper()}/simple") == [host]
    assert registries_in("golang.org/x/net v0.57.0") == []


def test_the_license_and_the_changelog_are_what_the_project_says() -> None:
    assert "Apache License\n                           Version 2.0, January 2004" in (ROOT / "LICENSE").read_text()
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
