"""A file that a stack file names is read, or refused with what is wrong with it and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infra.spec import SpecError
from infra.spec.side_file import read_text

FILE = "apps/web.yaml"


def refused(path: Path) -> str:
    with pytest.raises(SpecError) as error:
        read_text(path, FILE)
    (problem,) = error.value.problems
    return str(problem)


def test_a_file_is_read_as_utf_8(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_bytes(b"name: caf\xc3\xa9\n")
    assert read_text(tmp_path / "web.yaml", FILE) == "name: café\n"


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (Path.mkdir, "the file cannot be read: Is a directory. Fix: make it readable."),
        (lambda path: path.write_bytes(b"a: \xff"), "byte 3 is not UTF-8. Fix: save the file as UTF-8."),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, make: Callable[[Path], object], told: str) -> None:
    make(tmp_path / "web.yaml")
    assert refused(tmp_path / "web.yaml") == f"{FILE}: {told}"


@pytest.mark.parametrize(
    ("beside", "fix"),
    [
        (("shop.yaml", "api.yaml", "web.json"), "create it, or name one of api, shop"),
        (("web.json",), "create it in {}"),
    ],
)
def test_a_file_that_does_not_exist(tmp_path: Path, beside: tuple[str, ...], fix: str) -> None:
    for name in beside:
        (tmp_path / name).touch()
    assert refused(tmp_path / "web.yaml") == f"{FILE}: the file does not exist. Fix: {fix.format(tmp_path)}."


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    folder = tmp_path / "apps"
    assert refused(folder / "web.yaml") == f"{FILE}: the file does not exist. Fix: create it in {folder}."
