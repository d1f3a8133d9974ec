from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal.environment.errors import RehearsalError
from rehearsal.environment.lock import EnvironmentBusy, locked

ROOT = Path(__file__).resolve().parents[3]


def test_the_holder_is_named_and_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "local" / "lock"
    script = (
        "import sys, time; from pathlib import Path; from rehearsal.environment.lock import locked\n"
        "with locked(Path(sys.argv[1]), 'rehearse up local'):\n print('held', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        pattern = rf"^local is in use by `rehearse up local` \(process {holder.pid}, since \d{{4}}-\d\d-\d\d "
        with pytest.raises(EnvironmentBusy, match=pattern), locked(path, "rehearse down local"):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with locked(path, "rehearse down local"):
        assert "rehearse down local" in path.read_text()


def test_a_holder_that_has_not_yet_written_who_it_is_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path, "first"):
        path.write_text("")
        with pytest.raises(EnvironmentBusy, match="a command that has just begun"), locked(path, "second"):
            pass


def test_the_lock_is_free_after_a_failure_inside(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with pytest.raises(RuntimeError, match="inside"), locked(path, "first"):
        raise RuntimeError("inside")
    with locked(path, "second"):
        pass


def test_a_folder_that_cannot_be_made_is_named_with_the_fix(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "one"
    with pytest.raises(RehearsalError) as caught, locked(folder / "lock", "up"):
        pass
    assert str(caught.value) == (
        f"{folder} cannot be written: Not a directory. Fix: name a folder by SLIPWAY_STATE_HOME in which you may write"
    )
