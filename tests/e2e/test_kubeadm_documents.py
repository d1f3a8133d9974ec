"""kubeadm documents of every golden scenario, each member's, as a machine would give them, judged by kubeadm."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from infra.plan.control_plane.kubeadm import NODE_NAME, kubeadm_documents
from infra.plan.control_plane.members import plan_members
from infra.plan.join import ApiAddress, names
from infra.spec import load
from tests.e2e.at_hand import programs_or_skip
from tests.scenarios.golden import SCENARIOS, scenarios, stack_file

pytestmark = pytest.mark.e2e
BALANCER = "api-int-x-0123456789abcdef.elb.eu-central-1.amazonaws.com"


@pytest.fixture(scope="module")
def kubeadm() -> Path:
    return programs_or_skip(["kubeadm"], "kubeadm")["kubeadm"]


def validate(kubeadm: Path, file: Path) -> tuple[int, str]:
    command = [str(kubeadm), "config", "validate", "--config", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def filled(text: str) -> str:
    words = {NODE_NAME: "i-0123456789abcdef0", **names(ApiAddress(BALANCER, f"public-{BALANCER}"))}
    for word, value in words.items():
        text = text.replace(word, value)
    assert "@" not in text
    return text


@pytest.mark.parametrize("name", scenarios())
def test_kubeadm_accepts_each_members_documents(name: str, kubeadm: Path, tmp_path: Path) -> None:
    spec = load(stack_file(name), name)
    members = plan_members(spec)
    texts = [kubeadm_documents(spec, member, members) for member in members]
    # The golden file is one of them: what was judged is what is kept.
    assert (SCENARIOS / name / "kubeadm.yaml").read_text() in texts
    # `validate` reads one member's file at a start; a start takes 30 ms.
    for member, text in zip(members, texts, strict=True):
        file = tmp_path / f"{member.name}.yaml"
        file.write_text(filled(text))
        assert validate(kubeadm, file) == (0, "ok\n"), member.name


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("certSANs:", "certSan:", 'unknown field "apiServer.certSan"'),
        ("serviceSubnet: 100.64.0.0/13", "serviceSubnet: 100.64.0.0/33", "networking.serviceSubnet"),
        ("bindPort: 443", "bindPort: 443443", "443443"),
    ],
)
def test_a_mistake_would_be_found(right: str, wrong: str, said: str, kubeadm: Path, tmp_path: Path) -> None:
    text = filled((SCENARIOS / "minimal" / "kubeadm.yaml").read_text())
    assert text.count(right) == 1
    (tmp_path / "kubeadm.yaml").write_text(text.replace(right, wrong))
    status, output = validate(kubeadm, tmp_path / "kubeadm.yaml")
    assert status != 0
    assert said in output
