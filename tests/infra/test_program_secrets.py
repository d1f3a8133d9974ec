"""The program asks for every secret before it declares anything: what is declared would be made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime.config import set_all_config

from infra.program import read
from infra.spec import SpecError
from tests.infra.samples import sample_mapping
from tests.infra.workload_samples import IMAGE

KEY = "slipway:webPassword"


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "apps").mkdir()
    web = {"image": IMAGE, "secrets": [{"name": "password", "config": "webPassword"}]}
    (tmp_path / "apps" / "web.yaml").write_text(yaml.safe_dump(web))
    monkeypatch.setattr(pulumi.runtime, "get_root_directory", lambda: str(tmp_path))
    change = {"cluster": {"namespaces": [{"name": "web"}]}, "workloads": [{"name": "web", "namespace": "web"}]}
    environment = json.dumps(sample_mapping(**change))

    def configure(config: dict[str, str], secret: list[str]) -> None:
        set_all_config({"slipway:environment": environment, **config}, secret)

    yield configure
    set_all_config({}, [])


@pytest.mark.parametrize(
    ("config", "secret", "words"),
    [
        ({}, [], "'webPassword' is not in the stack's configuration"),
        ({KEY: "hunter2"}, [], "'webPassword' stands unencrypted in the stack's configuration"),
    ],
)
def test_what_is_missing_is_said_with_its_file(stack: Any, config: Any, secret: Any, words: str) -> None:
    stack(config, secret)
    with pytest.raises(SpecError) as caught:
        read("dev")
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"apps/web.yaml: secrets[0].config: {words}. Fix: ")
    assert "hunter2" not in str(problem)


def test_a_secret_that_is_set_is_taken(stack: Any) -> None:
    stack({KEY: "hunter2"}, [KEY])
    assert [each.name for each in read("dev").declared_workloads] == ["web"]
