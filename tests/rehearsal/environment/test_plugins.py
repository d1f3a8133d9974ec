from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from rehearsal.environment import plugins
from rehearsal.environment.plugins import Plugin

NEEDS = [("language", "python", "3.1.0"), ("resource", "aws", "7.1.0"), ("resource", "tls", "5.0.0")]


def _executable(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\necho {says} "$0" "$@"\n')
    path.chmod(0o755)
    return path


def test_the_vendors_plugin_is_taken_in_the_exact_version_and_a_stand_in_elsewhere(tmp_path: Path) -> None:
    home, ours = tmp_path / "home", tmp_path / "bin"
    host = _executable(ours / "pulumi-language-python", "ours")
    stand_in = _executable(ours / "pulumi-resource-aws", "ours")
    _executable(home / "plugins" / "resource-aws-v7.0.9" / "pulumi-resource-aws", "vendor")
    assert plugins.choose(NEEDS, home, ours) == [
        Plugin("language", "python", "3.1.0", host, vendor=False),
        Plugin("resource", "aws", "7.1.0", stand_in, vendor=False),
    ]
    vendors = _executable(home / "plugins" / "resource-aws-v7.1.0" / "pulumi-resource-aws", "vendor")
    assert plugins.choose(NEEDS, home, ours)[1] == Plugin("resource", "aws", "7.1.0", vendors, vendor=True)


def test_what_is_installed_runs_the_chosen_plugin_where_it_lies(tmp_path: Path) -> None:
    real = _executable(tmp_path / "with space" / "pulumi-resource-aws", "ran")
    home = tmp_path / "pulumi"
    stale = home / "plugins" / "resource-aws-v6.0.0"
    stale.mkdir(parents=True)
    plugins.install([Plugin("resource", "aws", "7.1.0", real, vendor=False)], home)
    assert [path.name for path in (home / "plugins").iterdir()] == ["resource-aws-v7.1.0"]
    script = home / "plugins" / "resource-aws-v7.1.0" / "pulumi-resource-aws"
    done = subprocess.run([str(script), "-v", "a b"], capture_output=True, text=True, check=True)
    assert done.stdout == f"ran {real} -v a b\n"


def test_what_the_sdks_ask_for_is_read_from_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package, description in (
        ("pulumi_aws", '{"resource": true, "name": "aws", "version": "7.1.0"}'),
        ("pulumi_odd", '{"resource": false, "name": "odd", "version": "1.0.0"}'),
    ):
        (tmp_path / package).mkdir()
        (tmp_path / package / "pulumi-plugin.json").write_text(description)
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    monkeypatch.setattr("importlib.metadata.version", lambda name: {"pulumi": "3.1.0"}[name])
    assert plugins.wanted() == [("language", "python", "3.1.0"), ("resource", "aws", "7.1.0")]
