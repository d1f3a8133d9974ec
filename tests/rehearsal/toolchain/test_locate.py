from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rehearsal.toolchain.locate import Location, Refusal, executables, locate, unsuitable_because
from rehearsal.toolchain.table import TOOLS

Program = Callable[[Path, str], Path]


def test_executables_follow_the_order_of_path_and_come_once(tmp_path: Path, program: Program) -> None:
    first, second = program(tmp_path / "a" / "etcd", ""), program(tmp_path / "b" / "etcd", "")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "etcd").symlink_to(first)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "etcd").write_text("not executable", encoding="utf-8")
    (tmp_path / "e" / "etcd").mkdir(parents=True)
    search = os.pathsep.join(str(tmp_path / name) for name in "debac")
    assert list(executables("etcd", f"{os.pathsep}{search}")) == [second, first]


@pytest.mark.parametrize(
    ("tool", "body", "reason"),
    [
        ("etcd", "echo etcd Version: 3.8.0", None),
        ("etcd", "echo etcd Version: 3.6.5", "it is 3.6.5, and it must be 3.7.x or a newer 3.x"),
        ("kube-apiserver", "echo Kubernetes v1.36.1", "it is 1.36.1, and it must be any 1.37.x"),
        ("kubectl", '[ "$*" = "version --client" ] && echo Client Version: v1.36.1', None),
        ("kubeadm", '[ "$*" = "version --output=short" ] && echo v1.37.0', None),
        ("kubelet", '[ "$*" = "--version" ] && echo Kubernetes v1.37.9', None),
        ("kube-scheduler", "echo unknown", "it does not tell its version: it printed 'unknown\\n'"),
    ],
)
def test_suitability(tmp_path: Path, program: Program, tool: str, body: str, reason: str | None) -> None:
    assert unsuitable_because(program(tmp_path / tool, body), TOOLS[tool]) == reason


def test_a_program_that_fails_is_not_suitable(tmp_path: Path, program: Program) -> None:
    path = program(tmp_path / "etcd", "exit 3")
    assert unsuitable_because(path, TOOLS["etcd"]) == (
        f"it does not tell its version: Command '['{path}', '--version']' returned non-zero exit status 3."
    )


def test_a_program_of_another_machine_is_not_suitable(tmp_path: Path) -> None:
    path = tmp_path / "etcd"
    path.write_bytes(b"\x7fELF of something else")
    path.chmod(0o755)
    assert (unsuitable_because(path, TOOLS["etcd"]) or "").startswith(
        "it does not tell its version: [Errno 8] Exec format error"
    )


def test_an_engine_needs_its_own_language_host_beside_it(tmp_path: Path, program: Program) -> None:
    engine = program(tmp_path / "pulumi", "echo v3.300.1")
    assert unsuitable_because(engine, TOOLS["pulumi"]) == (
        "it has no pulumi-language-python and no pulumi-language-python-exec beside it"
    )
    program(tmp_path / "pulumi-language-python", "")
    assert unsuitable_because(engine, TOOLS["pulumi"]) == "it has no pulumi-language-python-exec beside it"
    program(tmp_path / "pulumi-language-python-exec", "")
    assert unsuitable_because(engine, TOOLS["pulumi"]) is None


def test_an_engine_that_is_linked_to_has_its_host_where_the_link_points(tmp_path: Path, program: Program) -> None:
    for name in ("pulumi-language-python", "pulumi-language-python-exec"):
        program(tmp_path / "opt" / name, "")
    engine = program(tmp_path / "opt" / "pulumi", "echo v3.259.0")
    (tmp_path / "bin").mkdir()
    link = tmp_path / "bin" / "pulumi"
    link.symlink_to(engine)
    assert unsuitable_because(link, TOOLS["pulumi"]) is None


def test_path_comes_before_the_cache_and_the_cache_before_a_build(
    tmp_path: Path, program: Program, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = TOOLS["etcd"]
    old = program(tmp_path / "a" / "etcd", "echo etcd Version: 3.5.0")
    new = program(tmp_path / "b" / "etcd", "echo etcd Version: 3.7.1")
    refusal = Refusal(old, "it is 3.5.0, and it must be 3.7.x or a newer 3.x")

    monkeypatch.setenv("PATH", str(old.parent))
    assert locate(tool) == Location(tool, None, "to build", (refusal,))
    kept = program(cache / "bin" / "etcd-3.7.3" / "etcd", "")
    assert locate(tool) == Location(tool, kept, "cache", (refusal,))
    monkeypatch.setenv("PATH", f"{old.parent}{os.pathsep}{new.parent}")
    assert locate(tool) == Location(tool, new, "PATH", (refusal,))
