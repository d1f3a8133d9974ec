from __future__ import annotations

from pathlib import Path

import pytest

from infra.spec import load
from rehearsal.machines import catalogue
from rehearsal.machines.catalogue import RECIPES, chosen, images
from rehearsal.machines.declared import declared_images, repository
from rehearsal.machines.errors import MachineError
from rehearsal.project import ROOT

TRAEFIK = "docker.io/library/traefik:v3.7.13"
METRICS = "registry.k8s.io/metrics-server/metrics-server:v0.9.0"


@pytest.mark.parametrize(
    ("image", "name"),
    [
        (TRAEFIK, "docker.io/library/traefik"),
        ("registry.example:5000/team/web", "registry.example:5000/team/web"),
        ("registry.example:5000/web:1@sha256:" + "0" * 64, "registry.example:5000/web"),
    ],
)
def test_a_repository_is_a_name_without_tag_and_digest(image: str, name: str) -> None:
    assert repository(image) == name


def test_what_local_declares_is_found_by_exact_reference() -> None:
    declared = declared_images(load(ROOT / "stacks" / "Pulumi.local.yaml", "local"))
    assert {TRAEFIK, METRICS, "registry.k8s.io/e2e-test-images/agnhost:2.53"} <= set(declared)
    assert {repository(image) for image in declared} >= set(RECIPES)
    assert "cr.fluentbit.io/fluent/fluent-bit:5.0.7" in declared


def test_what_takes_long_to_build_is_made_when_asked_for() -> None:
    declared = [TRAEFIK, METRICS, "docker.io/grafana/grafana:13.1.1"]
    assert list(chosen(declared, "")) == [TRAEFIK]
    assert list(chosen(declared, " metrics-server, ")) == [TRAEFIK, METRICS]
    assert list(chosen(declared, "all")) == [TRAEFIK, METRICS]
    assert chosen([], "all") == {}


def test_a_stand_in_is_asked_for_by_its_own_name() -> None:
    declared = ["cr.fluentbit.io/fluent/fluent-bit:5.0.7", METRICS]
    assert list(chosen(declared, "all")) == [METRICS]
    assert list(chosen(declared, "all,shipper")) == declared


def test_the_variable_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_MACHINE_IMAGES", "metrics-server")
    assert list(chosen([METRICS])) == [METRICS]
    monkeypatch.setenv("SLIPWAY_MACHINE_IMAGES", "grafana,all,vim")
    with pytest.raises(MachineError, match=r"names grafana, vim\. Images are made of: agnhost, metrics-server, "):
        chosen([METRICS])


def test_images_go_to_the_machines_that_run_them(monkeypatch: pytest.MonkeyPatch) -> None:
    kubeadm = ["registry.k8s.io/kube-apiserver:v1", "registry.k8s.io/kube-proxy:v1", "registry.k8s.io/etcd:3"]
    monkeypatch.setattr(catalogue, "kubeadm_images", lambda _kubeadm, _version: [*kubeadm, "registry.k8s.io/pause:3"])
    names = ("kubeadm", "kube-apiserver", "etcd", "etcdctl", "etcdutl", "pause", "coredns", "web", "traefik")
    programs = {name: Path("/bin") / name for name in names}
    coredns = "registry.k8s.io/coredns/coredns:v1.14.6"
    made = {image.name: image for image in images(programs, "1", [TRAEFIK, coredns], chosen([TRAEFIK], ""))}
    assert {name: sorted(image.roles) for name, image in made.items()} == {
        "registry.k8s.io/kube-apiserver:v1": ["ControlPlane"],
        "registry.k8s.io/etcd:3": ["ControlPlane"],
        "registry.k8s.io/pause:3": ["ControlPlane", "Edge", "Node"],
        coredns: ["ControlPlane", "Edge", "Node"],
        "rehearsal.invalid/web:1": ["ControlPlane", "Edge", "Node"],
        TRAEFIK: ["Edge"],
    }
    assert made[TRAEFIK].programs == {"/usr/local/bin/traefik": Path("/bin/traefik")}
    assert made[TRAEFIK].entrypoint == ("/usr/local/bin/traefik",)
