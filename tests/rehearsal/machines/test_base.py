from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rehearsal.machines.base import MIRROR_VARIABLE, RECIPE, apt_sources
from rehearsal.machines.errors import MachineError

DEB822 = """\
Types: deb
# a comment: of the file
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib

Types: deb
URIs: http://mirror.example/other
Suites: trixie
Components: main
"""


def test_sources_are_those_of_this_computers_apt_in_the_suite(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(
        "# deb http://no.example/debian bookworm main\n"
        "deb [signed-by=/usr/share/keyrings/x.gpg] http://old.example/debian bookworm main non-free\n"
        "deb-src http://old.example/debian bookworm main\n"
    )
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/debian.sources").write_text(DEB822)
    assert list(apt_sources("bookworm", tmp_path)) == [
        "deb http://old.example/debian bookworm main",
        "deb http://mirror.example/debian bookworm main",
        "deb http://mirror.example/debian bookworm-updates main",
    ]


def test_a_computer_of_another_suite_needs_a_mirror_to_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(MIRROR_VARIABLE, raising=False)
    with pytest.raises(MachineError, match=f"Set {MIRROR_VARIABLE}"):
        list(apt_sources("bookworm", tmp_path))
    monkeypatch.setenv(MIRROR_VARIABLE, "http://mirror.example/debian")
    assert list(apt_sources("bookworm", tmp_path)) == ["deb http://mirror.example/debian bookworm main"]


def test_a_base_is_kept_by_all_it_is_made_of() -> None:
    changed = [replace(RECIPE, edition=RECIPE.edition + 1), replace(RECIPE, packages=RECIPE.packages[1:])]
    assert len({RECIPE.key, *(each.key for each in changed)}) == 3
