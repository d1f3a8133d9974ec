from __future__ import annotations

import pytest

from rehearsal.machines.errors import MachineError
from rehearsal.machines.lifecycle import POLICIES_VARIABLE, keeps_policies


@pytest.mark.parametrize(("said", "kept"), [(None, False), ("", False), ("enforce", True)])
def test_network_policies_are_kept_when_it_is_asked_for(
    said: str | None, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(POLICIES_VARIABLE, raising=False)
    if said is not None:
        monkeypatch.setenv(POLICIES_VARIABLE, said)
    assert keeps_policies() is kept


def test_another_word_is_refused_with_the_one_that_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(POLICIES_VARIABLE, "yes")
    with pytest.raises(MachineError, match="SLIPWAY_MACHINE_POLICIES is 'yes': leave it out, or say 'enforce'"):
        keeps_policies()
