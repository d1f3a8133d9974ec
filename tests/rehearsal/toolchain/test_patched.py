from __future__ import annotations

import json
from pathlib import Path

import pytest

from rehearsal.toolchain.errors import ToolchainError
from rehearsal.toolchain.golang import Go
from rehearsal.toolchain.patched import patched_modules
from rehearsal.toolchain.patches import Patch
from tests.rehearsal.toolchain.conftest import Program


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A module of ours that pins `example.com/lib`."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "go.mod").write_text("module own\n")
    (folder / "go.sum").write_text("sums\n")
    (folder / "less.go.txt").write_text("package part\n")
    return folder


@pytest.fixture
def go(tmp_path: Path, program: Program) -> Go:
    """A `go` that has downloaded `example.com/lib`, as read-only as Go's own cache."""
    lib = tmp_path / "cache" / "lib@v1.0.0"
    (lib / "part" / "deep").mkdir(parents=True)
    for name in ("root.go", "part/part.go", "part/deep/deep.go"):
        (lib / name).write_text(f"package {name}\n")
        (lib / name).chmod(0o444)
    (tmp_path / "cache" / "lib.mod").write_text("module example.com/lib\n")
    told = json.dumps({"Dir": str(lib), "GoMod": str(tmp_path / "cache" / "lib.mod")})
    body = f"""[ "$*" = "mod download -json example.com/lib" ] && [ "$PWD" = {tmp_path}/own ] && echo '{told}'"""
    return Go(program(tmp_path / "go", body), {})


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("replaces", "left"),
    [
        (True, {"go.mod", "root.go", "part/less.go"}),
        (False, {"go.mod", "root.go", "part/less.go", "part/part.go", "part/deep/deep.go"}),
    ],
)
def test_a_copy_of_the_module_has_our_file(
    replaces: bool, left: set[str], module: Path, go: Go, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    patch = Patch("example.com/lib", "part", "less.go.txt", replaces=replaces)
    assert patched_modules(module, [patch], go, scratch) == [f"-modfile={scratch}/go.mod"]
    assert files(scratch / "patched-0") == left
    assert (scratch / "patched-0" / "part" / "less.go").read_text() == "package part\n"
    assert (scratch / "go.mod").read_text() == f"module own\n\nreplace example.com/lib => {scratch}/patched-0\n"
    assert (scratch / "go.sum").read_text() == "sums\n"
    assert files(module) == {"go.mod", "go.sum", "less.go.txt"}


def test_a_folder_of_ours_is_laid_out_with_what_is_below_it(module: Path, go: Go, tmp_path: Path) -> None:
    for name in ("less/less.go.txt", "less/deeper/deeper.go.txt", "less/README"):
        (module / name).parent.mkdir(parents=True, exist_ok=True)
        (module / name).write_text(f"package {name}\n")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    patched_modules(module, [Patch("example.com/lib", "part", "less", replaces=True)], go, scratch)
    copy = scratch / "patched-0"
    assert files(copy) == {"go.mod", "root.go", "part/less.go", "part/deeper/deeper.go"}
    assert (copy / "part/deeper/deeper.go").read_text() == "package less/deeper/deeper.go.txt\n"


def test_a_module_without_patches_is_built_as_it_is(module: Path, go: Go, tmp_path: Path) -> None:
    assert patched_modules(module, [], go, tmp_path / "unused") == []


def test_a_module_that_cannot_be_had_is_named(module: Path, tmp_path: Path, program: Program) -> None:
    refusing = Go(program(tmp_path / "go", """echo '{"Error": "403 Forbidden"}'; exit 1"""), {})
    patch = Patch("example.com/lib", "part", "less.go.txt", replaces=True)
    with pytest.raises(ToolchainError) as caught:
        patched_modules(module, [patch], refusing, tmp_path / "scratch")
    assert str(caught.value) == "example.com/lib cannot be had: 403 Forbidden"
