"""The environment variables through which every client finds the rehearsal and nothing finds the user's account."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rehearsal.environment.layout import Layout
from rehearsal.environment.stack_config import PASSPHRASE
from rehearsal.journal import JOURNAL_VARIABLE

# What the user's shell may hold for a real account or another project must not reach the engine.
_DROPPED_PREFIXES = ("AWS_", "PULUMI_", "KUBE", "MOTO_", "BOTO", "SLIPWAY_CREATED_")

SKIP_VARIABLE = "SLIPWAY_SKIP_CHECKPOINTS"
"""When set, the engine writes a stack's state at the end of an update alone, and not before and after each resource.

That is most of the time of an update here, where the bucket is a process of this machine. An update that is killed then
loses what it made: it is for tests that kill none. The engine's own switch, ``sdk/go/common/env/env.go`` (v3.259.0).
"""


def rehearsal_variables(
    layout: Layout,
    *,
    region: str,
    bucket: str,
    endpoint: str,
    kubeconfig: Path | None,
    proxy: str | None,
    tool_folders: list[Path],
) -> dict[str, str]:
    """Return the variables that make an engine, boto3, kubectl or the vendors' plugins work in the rehearsal.

    The access key is a made-up one: moto asks for a key and checks no signature. Shared AWS configuration files are
    switched off, so that no profile of the user is consulted.
    """
    folders = [str(Path(sys.executable).parent), *dict.fromkeys(str(folder) for folder in tool_folders)]
    variables = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": "rehearsal",
        "AWS_SECRET_ACCESS_KEY": "rehearsal",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PULUMI_HOME": str(layout.pulumi_home),
        "PULUMI_BACKEND_URL": f"s3://{bucket}?region={region}&s3ForcePathStyle=true",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SUPPRESS_NEO_LINK": "true",
        "PULUMI_CREDENTIAL_STORE": "plaintext",
        "SLIPWAY_HOST_PYTHON": sys.executable,
        JOURNAL_VARIABLE: str(layout.created_journal),
        "PATH": os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)]),
        "NO_PROXY": _no_proxy(os.environ),
        "no_proxy": _no_proxy(os.environ),
    }
    if os.environ.get(SKIP_VARIABLE):
        variables["PULUMI_SKIP_CHECKPOINTS"] = "true"
    if proxy is not None:
        # The names of the cluster's load balancers, which no resolver knows, are found through it.
        variables.update(dict.fromkeys(("HTTPS_PROXY", "https_proxy"), proxy))
    if kubeconfig is not None:
        variables["KUBECONFIG"] = str(kubeconfig)
    return variables


def process_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment of a process of the rehearsal: the user's, less what could mislead it, and ours."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED_PREFIXES)}
    return {**inherited, **variables}


@contextmanager
def in_process(variables: Mapping[str, str]) -> Iterator[None]:
    """Give this process that environment for a while, for libraries that read it themselves."""
    before = dict(os.environ)
    wanted = process_environment(variables)
    try:
        _set_environment(wanted)
        yield
    finally:
        _set_environment(before)


def _set_environment(wanted: Mapping[str, str]) -> None:
    for name in set(os.environ) - set(wanted):
        del os.environ[name]
    os.environ.update(wanted)


def as_shell(variables: Mapping[str, str]) -> str:
    """Return lines that set the variables in a POSIX shell, for `eval`; `PATH` is put before the shell's own."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join(lines) + "\n"


def _no_proxy(environ: Mapping[str, str]) -> str:
    """Return the user's exceptions from a proxy, and loopback."""
    entries = (environ.get("NO_PROXY") or environ.get("no_proxy") or "").split(",")
    return ",".join(dict.fromkeys([*(entry for entry in entries if entry), "127.0.0.1", "localhost"]))
