"""`slipway firewall explain` as its user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from infra.cli import app
from infra.spec import CONFIG_KEY
from tests.infra.plan.edge.samples import edge_mapping
from tests.infra.samples import sample_mapping


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text(yaml.safe_dump({"config": {CONFIG_KEY: edge_mapping()}}), encoding="utf-8")
    return path


def ask(stack: Path, source: str, target: str, *more: str) -> Result:
    return CliRunner().invoke(app, ["firewall", "explain", str(stack), "--from", source, "--to", target, *more])


def test_allowed(stack: Path) -> None:
    result = ask(stack, "8.8.8.8", "Shop.example.com:443")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "allowed: 8.8.8.8 to shop.example.com:443, by web."
    assert "route shop leads to shop/web" in result.stdout


def test_denied_by_the_allow_list_of_a_host(stack: Path) -> None:
    result = ask(stack, "8.8.8.8", "admin.example.com")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == (
        "denied: 8.8.8.8 to admin.example.com:443, at the router: admin.example.com is open to the sources of office, "
        "and 8.8.8.8 is none of them."
    )


def test_a_tcp_port_by_its_name(stack: Path) -> None:
    result = ask(stack, "10.8.1.1", "db.example.com:postgres")
    assert result.stdout.splitlines()[0] == "allowed: 10.8.1.1 to db.example.com:5432, by partners."


def test_json(stack: Path) -> None:
    answer = json.loads(ask(stack, "8.8.8.8", "shop.example.com:22", "--format", "json").stdout)
    assert answer == {
        "from": "8.8.8.8",
        "to": {"host": "shop.example.com", "port": 22},
        "allowed": False,
        "rules": [],
        "layers": [
            {
                "layer": "load balancer's security group",
                "allowed": False,
                "rules": [],
                "reason": "no rule opens port 22; open are 80, 443, 5432",
            }
        ],
    }


@pytest.mark.parametrize(("target", "status"), [("shop.example.com", 0), ("admin.example.com", 1)])
def test_an_expectation_decides_the_status(stack: Path, target: str, status: int) -> None:
    result = ask(stack, "8.8.8.8", target, "--expect", "allowed")
    assert result.exit_code == status
    assert result.stderr == ("error: expected allowed, and it is denied.\n" if status else "")


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("::1", "shop.example.com", "'::1' is not an IPv4 address; write one as 198.51.100.7"),
        ("8.8.8.8", "shop.example.com:ldap", "'ldap' is not a port; write a number or one of http, https, postgres"),
        ("8.8.8.8", "shop.example.com:70000", "'70000' is not a port"),
        ("8.8.8.8", "https://shop.example.com:443", "'https://shop.example.com' is not a host name; write HOST:PORT"),
    ],
)
def test_a_wrong_call(stack: Path, source: str, target: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    result = ask(stack, source, target)
    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize(("expected", "status"), [("denied", 0), ("allowed", 1)])
def test_without_an_edge_nothing_is_reached(tmp_path: Path, expected: str, status: int) -> None:
    path = tmp_path / "Pulumi.closed.yaml"
    path.write_text(yaml.safe_dump({"config": {CONFIG_KEY: sample_mapping()}}), encoding="utf-8")
    result = ask(path, "8.8.8.8", "shop.example.com", "--expect", expected)
    assert result.exit_code == status
    assert result.stdout == "denied: closed declares no edge, so nothing is reached from outside.\n"
