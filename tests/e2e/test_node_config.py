"""The kubelet's configuration, decoded and validated by the kubelet itself.

The kubelet prints the configuration it arrived at and validates it before it looks for anything else of the machine, so
it is given nothing else: it ends by itself for want of a container runtime.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from infra.templates.node.machine_config import main as machine_config
from rehearsal.toolchain import resolve
from tests.infra.plan.node.rendered import files_of, kubelet_config, unpack, user_data
from tests.infra.samples import with_group

pytestmark = pytest.mark.e2e

FOR_TESTS = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "kind": "KubeletConfiguration",
    "failCgroupV1": False,
}
# What the kubelet says of a field it does not know (it goes on without it), of a bad value and of a bad label.
COMPLAINTS = ("strict decoding", "invalid configuration", "failed to validate", "unknown 'kubernetes.io'")
GROUPS = ("control-plane-a", "nodes", "edge")


@pytest.fixture(scope="session")
def kubelet() -> Path:
    return resolve(["kubelet"], Console(stderr=True))["kubelet"]


class Machine:
    """A machine's files below a folder, and the kubelet started on them."""

    def __init__(self, root: Path, text: str, kubelet: Path) -> None:
        self.root = root
        self._kubelet = kubelet
        self.text = text
        unpack(text, root)
        facts = {"cloud_name": "aws", "instance_id": "i-0a1b2c3d4e5f60718", "availability_zone": "eu-central-1a"}
        source = {"meta-data": {"local-ipv4": "10.20.32.7"}}
        for path, content in (
            ("run/cloud-init/instance-data.json", json.dumps({"v1": facts, "ds": source})),
            ("proc/meminfo", "MemTotal: 8388608 kB\n"),
        ):
            (root / path).parent.mkdir(parents=True)
            (root / path).write_text(content)
        machine_config(root, cpus=2)
        self.config = root / "etc/kubernetes/kubelet.yaml"
        # A machine that runs tests may still have the first version of control groups, which nodes never have.
        (root / "etc/kubernetes/kubelet.conf.d/90-test.conf").write_text(json.dumps(FOR_TESTS))

    def flags(self) -> list[str]:
        """The unit's own flags, its variables filled in and its paths moved below the folder."""
        unit = files_of(self.text)["/etc/systemd/system/kubelet.service"].replace("\\\n", "")
        command = next(line.removeprefix("ExecStart=") for line in unit.splitlines() if line.startswith("ExecStart="))
        for path in ("etc/slipway/node.env", "run/slipway/machine.env"):
            for line in (self.root / path).read_text().splitlines():
                name, _, value = line.partition("=")
                command = command.replace(f"${{{name}}}", value)
        return [flag.replace("=/", f"={self.root}/") for flag in command.split()[1:]]

    def start(self) -> str:
        """Start the kubelet and return what it says until it ends."""
        # Flags after the unit's win: nothing outside the folder is touched, and there is no runtime to be found.
        aside = [
            f"--root-dir={self.root}/var/lib/kubelet",
            f"--cert-dir={self.root}/pki",
            f"--container-runtime-endpoint=unix://{self.root}/none.sock",
            "--kubeconfig=",
            "--bootstrap-kubeconfig=",
        ]
        result = subprocess.run(
            [str(self._kubelet), *self.flags(), *aside], capture_output=True, text=True, check=False, timeout=120
        )
        assert result.returncode != 0
        return result.stderr


def effective(output: str) -> dict[str, Any]:
    """The configuration that the kubelet says it arrived at."""
    _, _, rest = output.partition('"Effective KubeletConfiguration" config=<\n')
    text, end, _ = rest.partition("\n >")
    assert end, output
    config = yaml.safe_load(text.replace("\t", ""))
    assert isinstance(config, dict)
    return config


def holds(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and holds(whole[key], part[key]) for key in part)
    return bool(whole == part)


def normal(config: dict[str, Any]) -> dict[str, Any]:
    """Durations as the kubelet prints them."""
    spelled = {"60s": "1m0s", "20s": "20s"}
    return {key: spelled.get(value, value) if isinstance(value, str) else value for key, value in config.items()}


@pytest.fixture(params=GROUPS)
def machine(request: pytest.FixtureRequest, tmp_path: Path, kubelet: Path) -> Machine:
    spec = with_group(taints=["example.com/dedicated=batch:NoSchedule"], nodeLabels={"example.com/pool": "batch"})
    return Machine(tmp_path, user_data(request.param, spec), kubelet)


def test_the_kubelet_takes_over_every_setting_and_finds_it_valid(machine: Machine) -> None:
    output = machine.start()
    assert [complaint for complaint in COMPLAINTS if complaint in output] == []
    config = effective(output)
    dropin = json.loads((machine.root / "etc/kubernetes/kubelet.conf.d/20-machine.conf").read_text())
    expected = normal(kubelet_config(machine.text)) | dropin
    # The one setting that a flag above overrides; and a port of zero is not printed.
    del expected["containerRuntimeEndpoint"]
    assert expected.pop("readOnlyPort") == config.get("readOnlyPort", 0)
    missing = {key: value for key, value in expected.items() if not holds(config.get(key), value)}
    assert missing == {}
    assert config["providerID"] == "aws:///eu-central-1a/i-0a1b2c3d4e5f60718"
    # It got past its configuration, to what only a machine that has joined has.
    assert "open /etc/kubernetes/pki/ca.crt: no such file or directory" in output


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"evictionHardd": {}}, "strict decoding"),
        ({"maxPods": -1}, "invalid configuration: maxPods"),
        ({"imageGCLowThresholdPercent": 90}, "invalid configuration: imageGCLowThresholdPercent"),
        ({"shutdownGracePeriodCriticalPods": "90s"}, "invalid configuration: shutdownGracePeriodCriticalPods"),
    ],
)
def test_the_kubelet_would_complain_about_a_mistake(
    change: dict[str, Any], complaint: str, tmp_path: Path, kubelet: Path
) -> None:
    machine = Machine(tmp_path, user_data(), kubelet)
    machine.config.write_text(yaml.safe_dump({**yaml.safe_load(machine.config.read_text()), **change}))
    output = machine.start()
    assert complaint in output
    assert any(each in output for each in COMPLAINTS)


def test_the_kubelet_would_refuse_a_label_it_may_not_set(tmp_path: Path, kubelet: Path) -> None:
    text = user_data().replace("NODE_LABELS=", "NODE_LABELS=node-role.kubernetes.io/edge=,")
    assert "unknown 'kubernetes.io' or 'k8s.io' labels" in Machine(tmp_path, text, kubelet).start()
