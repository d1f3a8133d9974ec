"""The stand-ins for the tls and random plugins, driven by the real engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.e2e.cluster import tools

__all__ = ["tools"]  # a fixture

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import os

import pulumi
import pulumi_random as random
import pulumi_tls as tls

key = tls.PrivateKey("ca", algorithm="ECDSA", ecdsa_curve="P256")
ca = tls.SelfSignedCert(
    "ca",
    private_key_pem=key.private_key_pem,
    allowed_uses=["cert_signing", "crl_signing"],
    is_ca_certificate=True,
    validity_period_hours=87600,
    subject={"common_name": "kubernetes"},
)
renamed = os.environ["NAME"]
aliases = [pulumi.Alias(name="node")] if renamed != "node" and os.environ["ALIAS"] == "yes" else []
options = pulumi.ResourceOptions(aliases=aliases)
node_key = tls.PrivateKey(renamed, algorithm="ED25519", opts=options)
request = tls.CertRequest(
    renamed, private_key_pem=node_key.private_key_pem, subject={"common_name": "node"}, dns_names=["a.b"], opts=options
)
signed = tls.LocallySignedCert(
    renamed,
    ca_cert_pem=ca.cert_pem,
    ca_private_key_pem=key.private_key_pem,
    cert_request_pem=request.cert_request_pem,
    allowed_uses=["client_auth"],
    validity_period_hours=24,
    early_renewal_hours=int(os.environ["EARLY"]),
    opts=options,
)
token = random.RandomPassword("token", length=16, special=False, keepers={"round": os.environ["ROUND"]})
label = random.RandomString("label", length=6)
pulumi.export("ca", ca.cert_pem)
pulumi.export("node", signed.cert_pem)
pulumi.export("token", token.result)
pulumi.export("label", label.result)
pulumi.export("public", tls.get_public_key_output(private_key_pem=node_key.private_key_pem).public_key_pem)
pulumi.export("own", node_key.public_key_pem)
"""
UNCHANGED = {"NAME": "node", "ALIAS": "no", "EARLY": "0", "ROUND": "1"}


@dataclass(frozen=True)
class Engine:
    """Runs the engine on the program."""

    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str, fails: bool = False, **settings: str) -> str:
        done = subprocess.run(
            [self.environment["ENGINE"], "--non-interactive", "--color=never", *arguments],
            cwd=self.folder,
            env={**self.environment, **UNCHANGED, **settings},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout

    def changes(self, **settings: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for step in json.loads(self.run("preview", "--json", fails=False, **settings))["steps"]:
            if step["op"] != "same":
                kind, name = step["urn"].split("::")[-2:]
                found.setdefault(step["op"], set()).add(f"{kind.split(':')[-1]} {name}")
        return found

    def outputs(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("stack", "output", "--json", "--show-secrets"))
        return found


@pytest.fixture
def engine(tools: dict[str, Path], tmp_path: Path) -> Engine:
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "Pulumi.yaml").write_text("name: standin\nruntime: python\n")
    (tmp_path / "program" / "__main__.py").write_text(PROGRAM)
    (tmp_path / "state").mkdir()
    made = Engine(
        tmp_path / "program",
        {
            "PATH": f"{ROOT / 'rehearsal' / 'bin'}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "ENGINE": str(tools["pulumi"]),
            "SLIPWAY_HOST_PYTHON": sys.executable,
            "PULUMI_HOME": str(tmp_path / "home"),
            "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        },
    )
    made.run("stack", "init", "dev")
    return made


def test_life_of_keys_certificates_and_random_values(engine: Engine) -> None:
    assert {operation: len(names) for operation, names in engine.changes().items()} == {"create": 8}
    engine.run("up", "--yes", "--skip-preview")
    made = engine.outputs()
    node, ca = (x509.load_pem_x509_certificate(made[name].encode()) for name in ("node", "ca"))
    node.verify_directly_issued_by(ca)
    assert made["public"] == made["own"]
    assert len(made["token"]) == 16

    # A second update and a refresh find nothing to do, and nothing secret is in the state in plain text.
    engine.run("up", "--yes", "--skip-preview", "--expect-no-changes")
    engine.run("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    assert engine.outputs() == made
    exported = engine.run("stack", "export")
    assert "BEGIN CERTIFICATE-----" in exported
    assert "PRIVATE KEY" not in exported
    assert made["token"] not in exported
    assert made["label"] in exported

    # A rename with its alias changes nothing; one without is another key, whose certificate is yet unknown.
    assert engine.changes(NAME="machine", ALIAS="yes") == {}
    assert engine.changes(NAME="machine") == {
        "create": {"PrivateKey machine", "CertRequest machine", "LocallySignedCert machine"},
        "delete": {"PrivateKey node", "CertRequest node", "LocallySignedCert node"},
    }
    # A keeper draws another password and nothing else; a certificate within its early renewal is made anew.
    assert engine.changes(ROUND="2").get("replace") == {"RandomPassword token"}
    assert engine.changes(EARLY="1") == {"update": {"LocallySignedCert node"}}
    assert engine.changes(EARLY="24").get("replace") == {"LocallySignedCert node"}
    engine.run("up", "--yes", "--skip-preview", NAME="machine", ALIAS="yes", ROUND="2")
    after = engine.outputs()
    assert {name for name in made if after[name] != made[name]} == {"token"}

    engine.run("destroy", "--yes", "--skip-preview", NAME="machine", ALIAS="yes", ROUND="2")
    assert json.loads(engine.run("stack", "export"))["deployment"].get("resources", []) == []


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("import pulumi_tls as t; t.PrivateKey('a', algorithm='DSA')", "algorithm must be one of RSA, ECDSA, ED25519"),
        ("import pulumi_random as r; r.RandomString('b', length=0)", "length must be at least 1, and is 0"),
        (
            "import pulumi_random as r; r.RandomPet('c')",
            "does not know the resource type random:index/randomPet:RandomPet",
        ),
    ],
)
def test_a_program_that_the_vendors_would_refuse(engine: Engine, program: str, reason: str) -> None:
    (engine.folder / "__main__.py").write_text(program)
    assert reason in engine.run("preview", fails=True)
