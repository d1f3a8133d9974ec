"""Resolving and building against a Go that only pretends: a shell script that lists packages and writes programs."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rich.console import Console

from rehearsal.toolchain import TOOLS, ToolchainError, resolve
from rehearsal.toolchain.build import GoBuild
from rehearsal.toolchain.golang import Go
from rehearsal.toolchain.lock import build_lock
from rehearsal.toolchain.progress import BuildProgress

Program = Callable[[Path, str], Path]

_GO = """
echo "$CGO_ENABLED $*" >> "$CALLS"
case "$1 $2" in
"list -m") ;;
"list -deps")
    echo "go: downloading example v1.0.0" >&2
    [ -z "$UNLISTED" ] || { echo "stale a/one"; echo "go: a/two: not found" >&2; exit 1; }
    printf 'stale a/one\\n\\nstale a/two\\nstale go.etcd.io/etcd/server/v3\\n' ;;
"build -v")
    [ -z "$BROKEN" ] || { echo "# a/one"; echo "one.go:1:1: undefined: x"; exit 1; }
    printf 'a/one\\nb/other\\na/two\\ngo.etcd.io/etcd/server/v3\\n' >&2
    while [ "$1" != -o ]; do shift; done
    out=$2; shift 2
    for package in "$@"; do
        name=${package%/v3}; name=${name##*/}
        printf '#!/bin/sh\\necho version: %s\\n' "${BUILT:-3.7.3}" > "$out$name"
        chmod 755 "$out$name"
    done ;;
*) exit 9 ;;
esac
"""
_FLAGS = "-trimpath -buildvcs=false -gcflags=all=-dwarf=false -ldflags=-s -w"


@pytest.fixture
def calls(tmp_path: Path, program: Program, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that keeps the calls of the pretended Go, which is the only one on PATH."""
    del cache
    program(tmp_path / "bin" / "go", _GO)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/bin")
    # The system's own etcd or kubectl must not decide these tests.
    for name in ("etcd", "etcdctl"):
        program(tmp_path / "bin" / name, "echo version: 2.0.0")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


def _console() -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, width=400), out


def test_tools_of_a_release_are_built_together_and_kept(calls: Path, cache: Path, tmp_path: Path) -> None:
    console, out = _console()
    folder = cache / "bin" / "etcd-3.7.3"
    assert resolve(["etcd", "etcdctl"], console) == {
        "etcd": folder / "etcd",
        "etcdctl": folder / "etcdctl",
    }
    packages = "go.etcd.io/etcd/server/v3 go.etcd.io/etcd/etcdctl/v3"
    probe, listing, build = calls.read_text(encoding="utf-8").splitlines()
    assert probe == "0 list -m"
    assert listing == f"0 list -deps {_FLAGS} -f {{{{if .Stale}}}}stale {{{{.ImportPath}}}}{{{{end}}}} {packages}"
    assert build.startswith(f"0 build -v {_FLAGS} -o {cache}/bin/.etcd-3.7.3.")
    assert build.endswith(f"/ {packages}")
    assert sorted(path.name for path in folder.iterdir()) == ["etcd", "etcdctl"]
    assert [path.name for path in folder.parent.iterdir()] == ["etcd-3.7.3"]
    lines = out.getvalue().splitlines()
    assert lines[0] == (f"{tmp_path}/bin/etcd will not do: it is 2.0.0, and it must be 3.7.x or a newer 3.x.")
    assert lines[2] == (
        "Building etcd, etcdctl 3.7.3, the store behind the API server: about 1 min on two cores the first time, "
        f"then kept in {folder}."
    )
    assert lines[3].startswith("Built etcd, etcdctl 3.7.3 in ")
    log = (cache / "logs" / "etcd-3.7.3.log").read_text(encoding="utf-8")
    assert "go: downloading example v1.0.0\n" in log

    calls.unlink()
    resolve(["etcd", "etcdctl"], console)
    assert not calls.exists()


def test_several_releases_are_built_the_quickest_first_and_the_whole_time_is_told(
    monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    built: list[tuple[str, list[str]]] = []
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(
        "rehearsal.toolchain.provide.build",
        lambda release, tools, _: built.append((release.key, [tool.name for tool in tools])),
    )
    console, out = _console()
    paths = resolve(["kubectl", "pulumi", "etcd", "kubelet"], console)
    assert built == [
        ("etcd-3.7.3", ["etcd"]),
        ("pulumi-3.259.0", ["pulumi"]),
        ("kubernetes-1.37.2", ["kubectl", "kubelet"]),
    ]
    assert out.getvalue() == ("3 builds to do, about 13 min in all on two cores when nothing is compiled yet.\n")
    assert list(paths.items()) == [
        ("kubectl", cache / "bin" / "kubernetes-1.37.2" / "kubectl"),
        ("pulumi", cache / "bin" / "pulumi-3.259.0" / "pulumi"),
        ("etcd", cache / "bin" / "etcd-3.7.3" / "etcd"),
        ("kubelet", cache / "bin" / "kubernetes-1.37.2" / "kubelet"),
    ]


def test_only_what_is_missing_is_built(calls: Path) -> None:
    console, _ = _console()
    resolve(["etcd"], console)
    resolve(["etcd", "etcdctl"], console)
    builds = [line for line in calls.read_text(encoding="utf-8").splitlines() if " build " in line]
    assert [line.split("/ ", 1)[1] for line in builds] == [
        "go.etcd.io/etcd/server/v3",
        "go.etcd.io/etcd/etcdctl/v3",
    ]


def test_what_a_killed_builder_left_is_swept(calls: Path, cache: Path) -> None:
    left = cache / "bin" / ".etcd-3.7.3.killed"
    left.mkdir(parents=True)
    resolve(["etcd"], _console()[0])
    assert calls.exists()
    assert not left.exists()


class Recorder(BuildProgress):
    """Keeps every phase, with how many of how many were counted in it."""

    def __init__(self) -> None:
        super().__init__(Console(file=io.StringIO()), "etcd-3.7.3")
        self.phases: list[tuple[str, int, int | None]] = []

    def phase(self, name: str, unit: str = "", total: int | None = None) -> None:
        super().phase(name, unit, total)
        self.phases.append((name, 0, total))

    def advance(self) -> None:
        super().advance()
        name, done, total = self.phases[-1]
        self.phases[-1] = (name, done + 1, total)


@pytest.mark.usefixtures("calls")
def test_progress_counts_downloads_then_the_packages_that_are_not_compiled_yet(tmp_path: Path) -> None:
    tool, recorder, log = TOOLS["etcd"], Recorder(), tmp_path / "log"
    go = Go(tmp_path / "bin" / "go", os.environ)
    with log.open("w", encoding="utf-8") as stream:
        GoBuild(tool.release, [tool], go, stream, log, recorder).run(tmp_path)
    assert recorder.phases == [("fetching modules", 1, None), ("compiling", 2, 2), ("linking", 0, None)]


def test_one_that_waited_uses_what_the_other_built(calls: Path, cache: Path, program: Program) -> None:
    console, out = _console()
    lock = cache / "locks" / "etcd-3.7.3.lock"
    with ThreadPoolExecutor() as pool:
        with build_lock(lock, "building etcd-3.7.3", print):
            waiter = pool.submit(resolve, ["etcd"], console)
            while "waiting" not in out.getvalue():
                time.sleep(0.01)
            built = program(cache / "bin" / "etcd-3.7.3" / "etcd", "")
        assert waiter.result(timeout=20) == {"etcd": built}
    assert "Another process built etcd 3.7.3 in " in out.getvalue()
    assert not calls.exists()


@pytest.mark.usefixtures("calls")
def test_a_listing_that_fails_is_told_without_the_packages_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNLISTED", "yes")
    with pytest.raises(ToolchainError) as caught:
        resolve(["etcd"], _console()[0])
    assert str(caught.value).splitlines()[:4] == [
        "Building etcd-3.7.3 (fetching the modules) failed: exit code 1.",
        "  Its last lines:",
        "    go: downloading example v1.0.0",
        "    go: a/two: not found",
    ]


@pytest.mark.usefixtures("calls")
def test_a_build_that_fails_is_told_with_its_lines_and_keeps_nothing(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKEN", "yes")
    with pytest.raises(ToolchainError) as caught:
        resolve(["etcd"], _console()[0])
    assert str(caught.value).splitlines()[:5] == [
        "Building etcd-3.7.3 (compiling) failed: exit code 1.",
        "  Its last lines:",
        "    # a/one",
        "    one.go:1:1: undefined: x",
        f"  The log: {cache}/logs/etcd-3.7.3.log",
    ]
    assert list((cache / "bin" / "etcd-3.7.3").iterdir()) == []


@pytest.mark.usefixtures("calls")
def test_a_program_that_tells_another_version_is_not_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUILT", "3.7.2")
    with pytest.raises(ToolchainError, match=r"The etcd just built says it is version 3\.7\.2, not 3\.7\.3"):
        resolve(["etcd"], _console()[0])
    assert list((cache / "bin" / "etcd-3.7.3").iterdir()) == []


@pytest.mark.usefixtures("calls")
def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SLIPWAY_CACHE_HOME", str(tmp_path / "file" / "cache"))
    with pytest.raises(ToolchainError) as caught:
        resolve(["etcd"], _console()[0])
    assert str(caught.value).startswith("Building etcd failed: Not a directory.\n")
    assert str(tmp_path / "file") in str(caught.value)
