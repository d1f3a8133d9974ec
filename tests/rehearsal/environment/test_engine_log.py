"""The engine's automatic log is kept from being written."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.environment import engine_log


@pytest.mark.parametrize("times", [1, 2])
def test_a_file_lies_where_the_engine_would_make_its_folder(tmp_path: Path, times: int) -> None:
    for _ in range(times):
        engine_log.switch_off(tmp_path / "pulumi")

    place = tmp_path / "pulumi" / "logs"
    assert place.read_text() == engine_log.NOTE
    with pytest.raises(FileExistsError):
        place.mkdir(parents=True)


def test_logs_of_before_are_removed(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "old.log").write_text("x")

    engine_log.switch_off(tmp_path)

    assert (tmp_path / "logs").is_file()
