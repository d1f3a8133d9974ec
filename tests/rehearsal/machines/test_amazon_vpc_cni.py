from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from infra.spec import from_mapping
from rehearsal.machines import amazon_vpc_cni
from rehearsal.machines.amazon_vpc_cni import PROGRAMS, amazon_vpc_images
from rehearsal.machines.declared import declared_images
from rehearsal.machines.images import Image
from rehearsal.machines.programs import Programs
from tests.e2e.specs import small


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Image]:
    """The images that an environment with this network declares, made of programs that need not be there."""
    monkeypatch.setattr(amazon_vpc_cni, "ensure_layer", lambda *_: tmp_path / "debian.tar")
    monkeypatch.setattr(amazon_vpc_cni, "source_of", lambda *_: tmp_path)
    monkeypatch.setattr(Programs, "ensure", lambda *_: tmp_path)
    spec = small("net")
    spec["cluster"] = {**spec["cluster"], "cni": "amazonVpc", "networkPolicies": "notEnforced", "addons": {}}
    declared = declared_images(from_mapping(spec, "net"))
    programs = {name: tmp_path / name for name in (*PROGRAMS, "kube-proxy")}
    found = amazon_vpc_images(declared, programs, Console(quiet=True))
    return {each.name.rpartition("/")[2].partition(":")[0]: each for each in found}


def test_what_the_add_ons_declare_is_made(made: dict[str, Image]) -> None:
    assert set(made) == {"amazon-k8s-cni", "amazon-k8s-cni-init", "kube-proxy"}


def test_the_daemons_image_has_what_its_first_program_looks_for_beside_itself(made: dict[str, Image]) -> None:
    daemon = made["amazon-k8s-cni"]
    assert (daemon.folder, daemon.entrypoint) == ("/app", ("/app/aws-vpc-cni",))
    beside = {"aws-k8s-agent", "aws-cni", "egress-cni", "grpc-health-probe", "10-aws.conflist", "eni-max-pods.txt"}
    assert set(daemon.programs) == {f"/app/{name}" for name in {"aws-vpc-cni", *beside}}
    assert daemon.below is not None


def test_the_first_container_copies_the_plugins_that_lie_beside_its_program(made: dict[str, Image]) -> None:
    first = made["amazon-k8s-cni-init"]
    assert first.folder == "/init"
    assert set(first.programs) == {
        f"/init/{each}" for each in ("aws-vpc-cni-init", "host-local", "loopback", "portmap")
    }


def test_kube_proxy_is_started_by_the_name_that_the_manifest_has(made: dict[str, Image]) -> None:
    proxy = made["kube-proxy"].programs["/usr/local/bin/kube-proxy"].read_text()
    assert proxy.splitlines()[-1].startswith('exec /usr/local/bin/kube-proxy.real "$@"')
