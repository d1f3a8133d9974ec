from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.environment.errors import RehearsalError
from rehearsal.environment.layout import known_environments, layout_of, state_home


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"SLIPWAY_STATE_HOME": "/s", "XDG_STATE_HOME": "/x", "HOME": "/h"}, "/s"),
        ({"XDG_STATE_HOME": "/x", "HOME": "/h"}, "/x/slipway"),
        ({"XDG_STATE_HOME": "", "HOME": "/h"}, "/h/.local/state/slipway"),
    ],
)
def test_the_state_home_follows_the_environment(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name in ("SLIPWAY_STATE_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert state_home() == Path(expected)


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "a b", "x" * 101])
def test_a_name_cannot_leave_the_state_home(name: str) -> None:
    with pytest.raises(RehearsalError, match="is no name of an environment"):
        layout_of(name)


def test_known_environments_are_those_with_a_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SLIPWAY_STATE_HOME", str(tmp_path / "slipway"))
    assert known_environments() == []
    for name in ("prod", "local"):
        layout_of(name).root.mkdir(parents=True)
    (tmp_path / "slipway" / "file").touch()
    assert known_environments() == ["local", "prod"]
