from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rehearsal.cache import cache_home
from rehearsal.toolchain.cache import cached, lock_path, log_path, sweep
from rehearsal.toolchain.table import TOOLS


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"SLIPWAY_CACHE_HOME": "/own", "XDG_CACHE_HOME": "/xdg"}, Path("/own")),
        ({"SLIPWAY_CACHE_HOME": "", "XDG_CACHE_HOME": "/xdg"}, Path("/xdg/slipway")),
        ({"XDG_CACHE_HOME": ""}, Path.home() / ".cache" / "slipway"),
        ({"SLIPWAY_CACHE_HOME": "~/tools"}, Path.home() / "tools"),
        ({"SLIPWAY_CACHE_HOME": "tools"}, Path.cwd() / "tools"),
    ],
)
def test_cache_home(environment: dict[str, str], expected: Path) -> None:
    assert cache_home(environment) == expected


def test_tools_are_kept_by_release_and_version(cache: Path, program: Callable[[Path, str], Path]) -> None:
    assert cached(TOOLS["kubectl"]) is None
    path = program(cache / "bin" / "kubernetes-1.37.2" / "kubectl", "exit 0")
    assert cached(TOOLS["kubectl"]) == path
    path.chmod(0o644)
    assert cached(TOOLS["kubectl"]) is None


def test_logs_and_locks_lie_beside_the_programs(cache: Path) -> None:
    assert log_path("etcd-3.7.3") == cache / "logs" / "etcd-3.7.3.log"
    assert lock_path("etcd-3.7.3") == cache / "locks" / "etcd-3.7.3.lock"


def test_sweep_takes_only_what_has_the_prefix(tmp_path: Path) -> None:
    (tmp_path / ".etcd-3.7.3.x1").mkdir()
    (tmp_path / ".etcd-3.7.3.x1" / "server").touch()
    (tmp_path / "etcd-3.7.3").mkdir()
    (tmp_path / ".etcd-3.7.30.x1").mkdir()
    sweep(tmp_path, ".etcd-3.7.3.")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".etcd-3.7.30.x1", "etcd-3.7.3"]
