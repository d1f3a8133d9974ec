from __future__ import annotations

import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rehearsal import ports
from rehearsal.ports import port_is_free, remembered_ports
from rehearsal.processes import ProcessError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLIPWAY_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_ports_are_distinct_remembered_and_below_the_ephemeral_range(tmp_path: Path) -> None:
    kept = tmp_path / "ports.json"
    first = remembered_ports(kept, ["a", "b", "c"])
    assert len(set(first.values())) == 3
    assert all(20000 <= port < 32768 for port in first.values())
    again = remembered_ports(kept, ["b", "c", "d"])
    assert (again["b"], again["c"]) == (first["b"], first["c"])
    assert again["d"] not in first.values()
    assert remembered_ports(kept, ["a"]) == {"a": first["a"]}
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_new_port_is_none_of_those_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "ports.json"
    first = remembered_ports(kept, ["a"])["a"]
    monkeypatch.setattr("rehearsal.ports.random.sample", lambda *_: [first, first + 1, first + 2])
    monkeypatch.setattr(ports, "port_is_free", lambda port: port != first + 1)
    assert remembered_ports(kept, ["a", "b"]) == {"a": first, "b": first + 2}


def test_a_spoilt_port_table_is_named(tmp_path: Path) -> None:
    kept = tmp_path / "ports.json"
    kept.write_text("[1]")
    with pytest.raises(ProcessError, match=r"ports\.json: not a table of ports .*; delete it"):
        remembered_ports(kept, ["a"])


def test_port_is_free() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not port_is_free(port)
    assert port_is_free(port)


def test_no_two_environments_have_a_port_though_nothing_listens_on_it_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "_PORTS", range(20000, 20012))
    monkeypatch.setattr(ports, "port_is_free", lambda _: True)
    files = [tmp_path / name / "ports.json" for name in "abcd"]
    with ThreadPoolExecutor(4) as pool:
        chosen = list(pool.map(lambda file: remembered_ports(file, ["x", "y", "z"]), files))
    assert sorted(port for each in chosen for port in each.values()) == list(range(20000, 20012))


def test_ports_of_an_environment_that_is_no_more_are_given_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "_PORTS", range(20000, 20002))
    monkeypatch.setattr(ports, "port_is_free", lambda _: True)
    remembered_ports(tmp_path / "a" / "ports.json", ["x"])
    second = remembered_ports(tmp_path / "b" / "ports.json", ["x"])
    shutil.rmtree(tmp_path / "b")
    assert remembered_ports(tmp_path / "c" / "ports.json", ["x"]) == second


def test_a_spoilt_table_of_all_is_named(tmp_path: Path, cache: Path) -> None:
    remembered_ports(tmp_path / "ports.json", ["a"])
    (cache / "ports.json").write_text("{")
    with pytest.raises(ProcessError, match=r"cache/ports\.json: not a table of ports .*; delete it, and it is made"):
        remembered_ports(tmp_path / "ports.json", ["b"])
    assert remembered_ports(tmp_path / "ports.json", ["a"])
    (cache / "ports.json").unlink()
    assert set(remembered_ports(tmp_path / "ports.json", ["a", "b"])) == {"a", "b"}
