"""What the scripts at the root do before they hand over to Python: find one, and make `.venv` right."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """tools/venv.py, working on a `.venv` and a lock file of the test's own."""
    spec = importlib.util.spec_from_file_location("slipway_venv", ROOT / "tools" / "venv.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "requirements.lock").write_text("one==1 \\\n    --hash=sha256:0\ntwo==2\n", encoding="utf-8")
    _place(module, monkeypatch, tmp_path, tmp_path / ".venv")
    return module


def _place(module: ModuleType, monkeypatch: pytest.MonkeyPatch, checkout: Path, folder: Path) -> None:
    """Let tools/venv.py work on a checkout whose environment is a folder."""
    for name, value in {
        "LOCK_FILE": checkout / "requirements.lock",
        "VENV": folder,
        "STAMP": folder / "requirements.sha256",
        "PYTHON": folder / "bin" / "python",
    }.items():
        monkeypatch.setattr(module, name, value)


def _script(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


def _uv(folder: Path, monkeypatch: pytest.MonkeyPatch, install: str = "exit 0") -> Path:
    """Put a pretended uv on PATH that keeps its calls and makes an interpreter."""
    calls = folder / "calls"
    _script(
        folder / "bin" / "uv",
        f'echo "$*" >> {calls}\n'
        f'[ "$1" = pip ] && {{ {install}; }}\n'
        f"mkdir -p {folder}/.venv/bin; : > {folder}/.venv/bin/python; chmod 755 {folder}/.venv/bin/python",
    )
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return calls


def test_the_environment_is_made_once_and_again_when_the_lock_changes(
    venv: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    calls = _uv(tmp_path, monkeypatch)
    assert venv.main() == 0
    assert calls.read_text(encoding="utf-8").splitlines() == [
        f"venv --quiet --clear --no-project --python {sys.executable} {tmp_path}/.venv",
        f"pip install --quiet --require-hashes --no-deps -r {tmp_path}/requirements.lock "
        f"--python {tmp_path}/.venv/bin/python",
    ]
    told = capfd.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"Installing 2 packages into {tmp_path}/.venv with uv.\nInstalled in ")

    assert venv.main() == 0
    assert len(calls.read_text(encoding="utf-8").splitlines()) == 2
    assert capfd.readouterr() == ("", "")

    (tmp_path / "requirements.lock").write_text("one==2\n", encoding="utf-8")
    assert venv.main() == 0
    assert len(calls.read_text(encoding="utf-8").splitlines()) == 4


def test_checkouts_that_share_an_environment_install_it_once(
    venv: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CI's clones do. Programs must name the folder that stays, and turns are taken beside it."""
    calls, shared = _uv(tmp_path, monkeypatch), tmp_path / "cache" / "0123"
    for checkout in ("first", "second"):
        folder = tmp_path / checkout
        folder.mkdir()
        (folder / "requirements.lock").write_text("one==1\n", encoding="utf-8")
        shared.mkdir(parents=True, exist_ok=True)
        (folder / ".venv").symlink_to(shared)
        found = (folder / ".venv").resolve()
        _place(venv, monkeypatch, folder, found)
        _script(found / "bin" / "python", "exit 0")
        assert venv.main() == 0
    made, _ = calls.read_text(encoding="utf-8").splitlines()
    assert made.endswith(f" {shared}")
    assert (tmp_path / "cache" / "0123.lock").is_file()


def test_an_installation_that_failed_is_done_again(
    venv: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    _uv(tmp_path, monkeypatch)
    assert venv.main() == 0
    (tmp_path / "requirements.lock").write_text("one==3\n", encoding="utf-8")
    _uv(tmp_path, monkeypatch, install="exit 7")
    assert venv.main() == 1
    assert "failed with exit code 7; its own message is above." in capfd.readouterr().err
    (tmp_path / "requirements.lock").write_text("one==1 \\\n    --hash=sha256:0\ntwo==2\n", encoding="utf-8")
    assert not venv.is_current(venv.wanted_stamp())


def test_a_lost_interpreter_makes_the_environment_stale(
    venv: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _uv(tmp_path, monkeypatch)
    assert venv.main() == 0
    assert venv.is_current(venv.wanted_stamp())
    (tmp_path / ".venv" / "bin" / "python").unlink()
    assert not venv.is_current(venv.wanted_stamp())


def test_without_uv_the_standard_library_and_pip_do_it(venv: ModuleType, tmp_path: Path) -> None:
    make, install = venv.commands(None)
    assert make == [sys.executable, "-m", "venv", "--clear", f"{tmp_path}/.venv"]
    assert install[:3] == [f"{tmp_path}/.venv/bin/python", "-m", "pip"]
    assert {"--require-hashes", "--no-deps", "--no-compile", f"{tmp_path}/requirements.lock"} <= set(install)


def test_a_python_without_ensurepip_names_the_package(venv: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(RuntimeError, match=r"apt-get install python3\.\d+-venv"):
        venv.commands(None)


def _find_python(path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", "-c", f"source {ROOT}/tools/venv.sh; find_python"],
        env={"PATH": str(path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_old_python_is_passed_over(tmp_path: Path) -> None:
    _script(tmp_path / "python3", "exit 1")
    _script(tmp_path / "python3.12", "exit 0")
    assert _find_python(tmp_path).stdout == "python3.12\n"


def test_no_python_is_one_clear_message(tmp_path: Path) -> None:
    _script(tmp_path / "python3", "exit 1")
    outcome = _find_python(tmp_path, SLIPWAY_PYTHON="/opt/python")
    assert outcome.returncode == 1
    assert outcome.stderr == (
        "No Python 3.11 or newer was found (tried: /opt/python).\nInstall one, or set SLIPWAY_PYTHON to its path.\n"
    )


def test_what_was_compiled_is_kept_in_the_environment_whatever_the_caller_set(tmp_path: Path) -> None:
    _script(
        tmp_path / "python3",
        'case "$1" in -c) exit 0 ;; esac; echo "$PYTHONPYCACHEPREFIX ${PYTHONDONTWRITEBYTECODE-unset}"',
    )
    outcome = subprocess.run(
        ["/bin/bash", "-c", f"root={tmp_path}; source {ROOT}/tools/venv.sh; ensure_venv"],
        env={"PATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.stdout == f"{tmp_path}/.venv/pycache unset\n"


def test_check_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    outcome = subprocess.run([str(ROOT / "check"), "--fast"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert outcome.returncode == 2
    assert outcome.stderr == "usage: ./check [--no-e2e]\n"


def test_a_script_may_be_linked_to_from_a_folder_on_path(tmp_path: Path) -> None:
    link = tmp_path / "slipway"
    link.symlink_to(ROOT / "slipway")
    done = subprocess.run([link, "spec", "schema"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (ROOT / "stacks" / "schema.json").read_text(encoding="utf-8")
