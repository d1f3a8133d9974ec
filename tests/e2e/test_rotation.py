"""A new generation of CAs, in the steps that docs/rotate-cas.md names: at none of them is anybody cut off."""

from __future__ import annotations

import base64
import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
import yaml

from tests.e2e import nursery
from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.specs import small

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def env(home: Path) -> Iterator[Rehearsed]:
    yield from rehearsed(home, "rotation", small("rotation"))


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    """Kubeconfigs of earlier steps, by generation."""
    return {}


def pki(env: Rehearsed, signing: int, *trusted: int) -> None:
    cluster = {**env.spec["cluster"], "pki": {"signing": signing, "trusted": list(trusted)}}
    env.declare({**env.spec, "cluster": cluster})


def roll(env: Rehearsed) -> None:
    """Start the member anew from what the bucket holds, as a roll of the control plane does."""
    env.run("stop").ok()
    env.run("start").ok()


def administrators(env: Rehearsed) -> dict[str, Any]:
    """Return what `slipway kubeconfig` makes, pointed at the API server's port on this machine."""
    shell = env.run("env").ok().output
    command = f'eval "$SHELL_LINES"; exec {shlex.join(nursery.command("infra.cli", "kubeconfig"))} "$FILE"'
    stack = env.project / "stacks" / f"Pulumi.{env.name}.yaml"
    lines = "\n".join(line for line in shell.splitlines() if line.startswith("export "))
    done = subprocess.run(
        ["sh", "-c", command],
        env={**env.environ, "SHELL_LINES": lines, "FILE": str(stack)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    config: dict[str, Any] = json.loads(done.stdout)
    local = yaml.safe_load((env.home / env.name / "kubeconfig").read_text())
    config["clusters"][0]["cluster"]["server"] = local["clusters"][0]["cluster"]["server"]
    return config


def asked(config: dict[str, Any], path: str, folder: Path) -> int:
    """Return the API server's status for a request with a kubeconfig's certificates; 0 when one does not trust the
    other."""
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    files = {}
    for name, data in (
        ("ca", cluster["certificate-authority-data"]),
        ("certificate", user["client-certificate-data"]),
        ("key", user["client-key-data"]),
    ):
        files[name] = folder / name
        files[name].write_bytes(base64.b64decode(data))
    pool = urllib3.PoolManager(
        ca_certs=str(files["ca"]), cert_file=str(files["certificate"]), key_file=str(files["key"]), retries=False
    )
    try:
        return int(pool.request("GET", f"{cluster['server']}{path}").status)
    except urllib3.exceptions.SSLError:
        return 0


SECRETS = "/api/v1/namespaces/kube-system/secrets"


def test_01_the_first_generation(env: Rehearsed, kept: dict[str, Any], tmp_path: Path) -> None:
    env.run("up", "--skip-preview").ok()
    kept["first"] = administrators(env)
    assert asked(kept["first"], SECRETS, tmp_path) == 200


def test_02_a_second_is_trusted_and_nothing_is_replaced(env: Rehearsed, kept: dict[str, Any], tmp_path: Path) -> None:
    pki(env, 1, 1, 2)
    changes = env.changes()
    assert set(changes) == {"create", "update"}
    env.run("up", "--skip-preview").ok()
    roll(env)
    assert env.changes() == {}
    assert asked(kept["first"], SECRETS, tmp_path) == 200
    kept["both"] = administrators(env)
    assert asked(kept["both"], SECRETS, tmp_path) == 200


def test_03_the_second_signs_and_the_first_is_still_believed(
    env: Rehearsed, kept: dict[str, Any], tmp_path: Path
) -> None:
    pki(env, 2, 1, 2)
    env.run("up", "--skip-preview").ok()
    roll(env)
    assert env.changes() == {}
    kept["second"] = administrators(env)
    # Clients that know the first alone must have learnt of the second by now; those of step 2 have.
    assert asked(kept["both"], SECRETS, tmp_path) == 200
    assert asked(kept["second"], SECRETS, tmp_path) == 200
    assert asked(kept["first"], SECRETS, tmp_path) == 0
    # What the first key encrypted is still read; written again, it is encrypted with the second.
    env.engine("refresh", "--yes", "--skip-preview").ok()
