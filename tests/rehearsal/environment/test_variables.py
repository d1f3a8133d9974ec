from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal.environment.layout import Layout
from rehearsal.environment.variables import (
    SKIP_VARIABLE,
    as_shell,
    in_process,
    process_environment,
    rehearsal_variables,
)

LAYOUT = Layout("local", Path("/state/local"))


def _variables(kubeconfig: Path | None = Path("/state/local/kubeconfig")) -> dict[str, str]:
    return rehearsal_variables(
        LAYOUT,
        region="eu-central-1",
        bucket="b",
        endpoint="http://127.0.0.1:20001",
        kubeconfig=kubeconfig,
        proxy="http://127.0.0.1:20002" if kubeconfig else None,
        tool_folders=[Path("/cache/pulumi"), Path("/cache/kubernetes"), Path("/cache/kubernetes")],
    )


def test_every_client_is_pointed_at_the_rehearsal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("NO_PROXY", "corp.example")
    monkeypatch.delenv(SKIP_VARIABLE, raising=False)
    assert _variables() == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:20001",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "rehearsal",
        "AWS_SECRET_ACCESS_KEY": "rehearsal",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "HTTPS_PROXY": "http://127.0.0.1:20002",
        "https_proxy": "http://127.0.0.1:20002",
        "KUBECONFIG": "/state/local/kubeconfig",
        "NO_PROXY": "corp.example,127.0.0.1,localhost",
        "no_proxy": "corp.example,127.0.0.1,localhost",
        "PATH": f"{Path(sys.executable).parent}:/cache/pulumi:/cache/kubernetes:/usr/bin",
        "PULUMI_BACKEND_URL": "s3://b?region=eu-central-1&s3ForcePathStyle=true",
        "PULUMI_CONFIG_PASSPHRASE": "rehearsal",
        "PULUMI_CREDENTIAL_STORE": "plaintext",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_HOME": "/state/local/pulumi",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_SUPPRESS_NEO_LINK": "true",
        "SLIPWAY_CREATED_JOURNAL": "/state/local/created.jsonl",
        "SLIPWAY_HOST_PYTHON": sys.executable,
    }
    assert {"KUBECONFIG", "HTTPS_PROXY", "https_proxy"}.isdisjoint(_variables(kubeconfig=None))


def test_checkpoints_are_skipped_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SKIP_VARIABLE, raising=False)
    before = _variables()
    monkeypatch.setenv(SKIP_VARIABLE, "1")
    assert _variables() == {**before, "PULUMI_SKIP_CHECKPOINTS": "true"}


def test_what_the_users_shell_holds_for_a_real_account_reaches_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
        "AWS_ENDPOINT_URL_S3",
        "PULUMI_ACCESS_TOKEN",
        "KUBECONFIG",
        "MOTO_X",
    ):
        monkeypatch.setenv(name, "theirs")
    monkeypatch.setenv("LANG", "C.UTF-8")
    environment = process_environment(_variables(kubeconfig=None))
    assert environment["LANG"] == "C.UTF-8"
    assert environment["AWS_ACCESS_KEY_ID"] == "rehearsal"
    assert [name for name, value in environment.items() if value == "theirs"] == []


def test_a_shell_reads_the_lines_back() -> None:
    lines = as_shell({"A": "it's $HOME", "B": "s3://b?x=1&y=2"})
    script = f'{lines}printf "%s\\n" "$A" "$B"'
    done = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, text=True, check=True, env={"PATH": os.defpath}
    )
    assert done.stdout == "it's $HOME\ns3://b?x=1&y=2\n"


def test_this_process_has_the_rehearsals_environment_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "theirs")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    before = dict(os.environ)

    def fail() -> None:
        with in_process({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}):
            assert os.environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
            assert "AWS_PROFILE" not in os.environ
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fail()
    assert dict(os.environ) == before
