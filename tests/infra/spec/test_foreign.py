"""Who knows kops, Typhoon or pulumi-eks and writes their words is led to the place, never to another meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import model_at
from tests.infra.samples import sample_mapping
from tests.infra.spec.reports import GROUP, report, with_fourth

NO_KEYS = {"amazonVpc", "cluster.local"}
"""What reads as a key and is a value."""


def models(model: type[BaseModel] = EnvironmentSpec, at: tuple[str, ...] = ()) -> Iterator[type[BaseModel]]:
    """Yield every model that stands somewhere in an environment."""
    yield model
    for field in model.model_fields.values():
        inner = model_at(model, (str(field.alias),))
        if inner is not None:
            yield from models(inner, (*at, str(field.alias)))


MODELS = {model.__name__: model for model in models()}
WITH_HABITS = [name for name, model in MODELS.items() if getattr(model, "foreign_keys", None)]
KEYS = {str(field.alias) for model in MODELS.values() for field in model.model_fields.values()}


def keys_in(advice: str) -> list[str]:
    """Return what reads as a key or a path of keys in an advice."""
    return re.findall(r"(?<![\w/.])[a-z]+[A-Z]\w*(?:\.\w+)*|(?<![\w/.])[a-z]\w+(?:\.\w+)+", advice)


def stands(path: str, model: type[BaseModel]) -> bool:
    """Say whether a path leads to a key, from the model or from the root of the environment."""
    *above, last = path.split(".")
    roots: list[type[BaseModel]] = [EnvironmentSpec, model, MODELS["InstanceGroupSpec"]]
    found = [model_at(root, tuple(above)) for root in roots]
    return any(each is not None and last in {str(f.alias) for f in each.model_fields.values()} for each in found)


@pytest.mark.parametrize("name", WITH_HABITS)
def test_every_advice_names_keys_that_exist(name: str) -> None:
    for word, advice in getattr(MODELS[name], "foreign_keys").items():  # noqa: B009 (a base model has none)
        assert advice.startswith(("write ", "remove it", "describe ", "move it ")), word
        for path in keys_in(advice):
            if path not in NO_KEYS:
                assert stands(path, MODELS[name]) if "." in path else path in KEYS, (word, path)


@pytest.mark.parametrize("name", WITH_HABITS)
def test_no_key_of_ours_is_called_foreign(name: str) -> None:
    model = MODELS[name]
    squeezed = {word.lower() for word in getattr(model, "foreign_keys")}  # noqa: B009
    assert squeezed & {str(field.alias).lower() for field in model.model_fields.values()} == set()


@pytest.mark.parametrize(
    ("key", "fix"),
    [
        # Each of these was led to a key of another meaning by its letters alone.
        ("labels", "write nodeLabels for labels of nodes, cloudLabels for AWS tags"),
        ("maxPrice", "write mixedInstancesPolicy with instances and onDemandAboveBase: 0; Spot never costs more than "
         "On-Demand"),
        ("diskSize", "write rootVolume.sizeGi"),
        ("disk_size", "write rootVolume.sizeGi"),
        ("manager", "remove it: every group is an Auto Scaling group"),
        ("instanceInterruptionBehavior", "remove it: an interrupted machine is drained and terminated"),
        ("additionalUserData", "remove it: a machine runs what Slipway's user-data says. Bring more in an image of "
         "your own (image), or as a workload of kind: DaemonSet"),
        ("sysctlParameters", "write sysctls, a mapping of names to values in quotes in place of a list of "
         "name=value"),
        ("containerd", "write cluster.registryMirrors for its mirrors; the rest of containerd is configured by "
         "Slipway"),
        # What is ours with other letters between is still that.
        ("node_labels", "write nodeLabels"),
        ("MachineType", "write machineType"),
        ("maxSzie", "write maxSize"),
    ],
)  # fmt: skip
def test_words_for_a_group(key: str, fix: str) -> None:
    assert report(with_fourth(**{key: "x"})) == [f"{GROUP}.{key}: is not a known key. Fix: {fix}."]


def deeper(*path: str) -> dict[str, Any]:
    """Return the sample environment with a key at a path."""
    change: Any = "x"
    for part in reversed(path):
        change = {part: change}
    return sample_mapping(**change)


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        (("spec",), "describe the environment in the words of docs/options.md: this is no kops manifest"),
        (("kubernetesApiAccess",), "write cluster.api.allowedCidrs, and cluster.api.access: public"),
        (("cluster", "kubernetesApiAccess"), "write cluster.api.allowedCidrs, and cluster.api.access: public"),
        (("cluster", "nonMasqueradeCIDR"), "write cluster.podCidr and cluster.serviceCidr"),
        (("kubernetesVersion",), "move it into cluster"),
        (("worker_count",), "write instanceGroups, one of role ControlPlane for each member of the control plane"),
        (("cluster", "sysctlParameters"), "write sysctls in each of instanceGroups"),
        (("cluster", "containerd"), "write cluster.registryMirrors for registryMirrors, registry by registry; the rest "
         "of containerd is Slipway's to configure"),
        (("registryMirrors",), "move it into cluster"),
        (("cluster", "sshAccess"), "remove it: nothing listens on SSH, on no bastion either; AWS Systems Manager gives "
         "a shell"),
        (("network", "vpcId"), "write network.vpc.id for a VPC that exists, or nothing: Slipway makes one of "
         "network.cidr"),
        (("privateSubnetIds",), "write network.vpc.subnets for subnets that exist, or nothing: Slipway makes them for "
         "network.zones"),
        (("network", "networkCIDR"), "write cidr"),
        (("state", "configBase"), "write bucket, its name without s3://"),
        (("cluster", "addons", "awsEBSCSIDriver"), "write ebsCsi"),
        (("cluster", "api", "loadBalancer"), "write access: internal or public; its load balancers are Slipway's"),
        (("cluster", "controlPlane", "replicas"), "write a group of role ControlPlane in instanceGroups for each "
         "member"),
        (("cluster", "controlPlane", "etcd", "encryptedVolume"), "remove it: the volumes are always encrypted"),
    ],
)  # fmt: skip
def test_words_for_the_environment(path: tuple[str, ...], fix: str) -> None:
    assert report(deeper(*path)) == [f"{'.'.join(path)}: is not a known key. Fix: {fix}."]


@pytest.mark.parametrize(
    ("keys", "fix"),
    [
        ({"rootVolume": {"size": 50}}, "rootVolume.size: is not a known key. Fix: write sizeGi."),
        ({"warmPool": {"enableLifecycleHook": True}}, "warmPool.enableLifecycleHook: is not a known key. Fix: remove "
         "it: a machine of the pool ends its first boot before it waits."),
        ({"rollingUpdate": {"drainAndTerminate": True}}, "rollingUpdate.drainAndTerminate: is not a known key. Fix: "
         "remove it: every machine is drained before it is terminated."),
        ({"mixedInstancesPolicy": {"instances": ["m7i.large"], "overrides": []}}, "mixedInstancesPolicy.overrides: is "
         "not a known key. Fix: write instances, best first."),
    ],
)  # fmt: skip
def test_words_inside_a_group(keys: dict[str, Any], fix: str) -> None:
    assert report(with_fourth(**keys)) == [f"{GROUP}.{fix}"]
