"""While files have mistakes, what only looks goes by the last update: on the real engine and API server."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import nursery
from tests.e2e.commands import shell
from tests.e2e.conftest import Finished, Rehearsed, rehearsed
from tests.e2e.specs import small
from tests.infra.workload_samples import IMAGE

pytestmark = pytest.mark.e2e

# No machine of this environment runs pods.
WEB: dict[str, Any] = {"image": IMAGE, "replicas": 3, "wait": False}
SENTENCE = "were left aside: what follows is held against mistaken as its last update recorded it (unchanged since "


@pytest.fixture(scope="module")
def env(home: Path) -> Iterator[Rehearsed]:
    spec = small("mistaken", workloads=[{"name": "web", "namespace": "shop"}])
    spec["cluster"]["namespaces"] = [{"name": "shop"}]
    for each in rehearsed(home, "mistaken", spec):
        each.write_app("web", WEB)
        each.run("up", "--skip-preview").ok()
        yield each


@pytest.fixture(scope="module")
def exports(env: Rehearsed) -> str:
    return env.run("env").ok().output


def slipway(env: Rehearsed, exports: str, *arguments: str) -> Finished:
    """Run ``slipway``; the output is all that is said."""
    command = shlex.join(nursery.command("infra.cli", *arguments))
    return shell(env, exports, ["bash", "-c", f"{command} 2>&1"])


def test_1_a_workload_file_with_a_mistake(env: Rehearsed, exports: str) -> None:
    well = slipway(env, exports, "image", env.name)
    assert (well.status, IMAGE in well.output, SENTENCE in well.output) == (0, True, False), well.output
    env.write_app("web", {**WEB, "image": "web", "replicas": "many"})
    found = slipway(env, exports, "image", env.name)
    assert (found.status, IMAGE in found.output, SENTENCE in found.output) == (2, True, True), found.output
    assert "apps/web.yaml: replicas: 'many' is not a whole number" in found.output


def test_a_shell_opens_although_a_file_has_a_mistake(env: Rehearsed, exports: str) -> None:
    said = env.run("env").ok().output
    assert set(exports.splitlines()) <= set(said.splitlines())
    assert "Until they are mended the engine reads what they said before." in said
    assert "apps/web.yaml: replicas: 'many' is not a whole number" in said


def test_2_a_stack_file_that_is_no_yaml(env: Rehearsed, exports: str) -> None:
    file = env.project / "stacks" / f"Pulumi.{env.name}.yaml"
    whole = file.read_text(encoding="utf-8")
    file.write_text(f'{whole}  half: "\n', encoding="utf-8")
    found = slipway(env, exports, "validate", env.name, "--workload", "web")
    file.write_text(whole, encoding="utf-8")
    assert (found.status, SENTENCE in found.output) == (2, True), found.output
    assert "the file is not readable as YAML" in found.output
    # Of three pods or, before the controller has made them, of none: it is of what was recorded.
    assert "invalid: workloads: Deployment shop/web: " in found.output, found.output
