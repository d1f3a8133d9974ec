"""Commands as a user runs them who has evaluated ``rehearse env``."""

from __future__ import annotations

import os
import shlex
import subprocess

from rehearsal.project import ROOT
from tests.e2e import nursery
from tests.e2e.conftest import UP_SECONDS, Finished, Rehearsed


def slipway(env: Rehearsed, *arguments: str) -> Finished:
    """Run ``slipway``: its verb, as ``volumes list``, and what stands behind the environment's name."""
    exports = env.run("env").ok().output
    verb, *options = arguments
    return shell(env, exports, nursery.command("infra.cli", *verb.split(), env.name, *options))


def shell(env: Rehearsed, exports: str, command: list[str]) -> Finished:
    done = subprocess.run(
        ["bash", "-c", f"{exports}\n{shlex.join(command)}"],
        cwd=env.project,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "SLIPWAY_STATE_HOME": str(env.home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=UP_SECONDS,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Finished(done.returncode, done.stdout, done.stderr)
