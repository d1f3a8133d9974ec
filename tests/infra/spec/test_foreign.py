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

NO_KEYS = {
    "amazonVpc",
    "cluster.local",
    "k8s.io",
    "audit.log",
    "awsEBSCSIDriver",
    "containerProxy",
    "containerRegistry",
}
"""What reads as a key and is a value, or another's."""


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
    return re.findall(r"(?<![\w/.-])[a-z]+[A-Z]\w*(?:\.\w+)*|(?<![\w/.-])[a-z]\w+(?:\.\w+)+", advice)


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


KOPS_CLUSTER = """
    additionalNetworkCIDRs additionalPolicies additionalSans addons api assets authentication authorization
    awsLoadBalancerController certManager channel cloudConfig cloudControllerManager cloudLabels cloudProvider
    clusterAutoscaler clusterDNSDomain configBase configStore containerRuntime containerd controlPlaneKubelet
    DisableSubnetTags dnsControllerGossipConfig dnsZone docker egressProxy encryptionConfig etcdClusters externalDns
    externalPolicies fileAssets gossipConfig hooks iam isolateMasters karpenter keyStore kubeAPIServer
    kubeControllerManager kubeDNS kubeProxy kubeScheduler kubelet kubernetesApiAccess kubernetesVersion
    masterInternalName masterKubelet masterPublicName metricsServer networkCIDR networkID networking nodeAuthorization
    nodePortAccess nodeProblemDetector nodeTerminationHandler nonMasqueradeCIDR ntp packages podCIDR podIdentityWebhook
    project rollingUpdate secretStore serviceAccountIssuerDiscovery serviceClusterIPRange snapshotController sshAccess
    sshKeyName subnets sysctlParameters tagSubnets target topology updatePolicy useHostCertificates warmPool
"""
"""Keys of kops's ClusterSpec (``pkg/apis/kops/v1alpha2/cluster.go``)."""

KOPS_GROUP = """
    additionalSecurityGroups additionalUserData associatePublicIp autoscale autoscalePriority capacityRebalance
    cloudLabels compressUserData containerd cpuCredits detailedInstanceMonitoring externalLoadBalancers fileAssets
    gcpProvisioningModel guestAccelerators hooks iam image instanceInterruptionBehavior instanceMetadata
    instanceProtection kubelet machineType manager maxInstanceLifetime maxPrice maxSize minSize mixedInstancesPolicy
    nodeLabels packages role rollingUpdate rootVolumeDeleteOnTermination rootVolumeEncryption rootVolumeEncryptionKey
    rootVolumeIops rootVolumeOptimization rootVolumeSize rootVolumeThroughput rootVolumeType securityGroupOverride
    spotDurationInMinutes subnets suspendProcesses sysctlParameters taints tenancy updatePolicy volumeMounts volumes
    warmPool zones
"""
"""Keys of kops's InstanceGroupSpec (``pkg/apis/kops/v1alpha2/instancegroup.go``)."""


def led_nowhere(model: type[BaseModel], words: str) -> set[str]:
    """Return the words that a model neither has as keys nor leads to their place."""
    keys = {str(field.alias).lower() for field in model.model_fields.values()}
    habits = {word.lower() for word in getattr(model, "foreign_keys")}  # noqa: B009
    return {word for word in words.split() if word.lower() not in keys | habits}


def test_every_key_of_kops_is_led_to_its_place() -> None:
    assert led_nowhere(MODELS["InstanceGroupSpec"], KOPS_GROUP) == set()
    # What is a key of Slipway's one mapping further in is told to move there.
    addons = {"clusterAutoscaler", "metricsServer", "nodeProblemDetector", "nodeTerminationHandler"}
    assert led_nowhere(MODELS["ClusterSpec"], KOPS_CLUSTER) == addons
    for key in addons:
        line = f"cluster.{key}: is not a known key. Fix: move it into addons."
        assert report(deeper("cluster", key)) == [line]
    cluster = {"addons", "api", "iam", "kubernetesVersion", "podCIDR"}
    assert led_nowhere(MODELS["EnvironmentSpec"], KOPS_CLUSTER) == cluster
    for key in cluster:
        assert report(deeper(key)) == [f"{key}: is not a known key. Fix: move it into cluster."]


@pytest.mark.parametrize("name", ["EnvironmentSpec", "ClusterSpec"])
def test_what_is_said_to_be_written_in_groups_is_known_there(name: str) -> None:
    habits = getattr(MODELS[name], "foreign_keys").items()  # noqa: B009
    words = {word for word, fix in habits if fix.startswith("write it in each of instanceGroups")}
    assert words == {"machineType", "rollingUpdate", "warmPool"}
    assert words <= {str(field.alias) for field in MODELS["InstanceGroupSpec"].model_fields.values()}


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
        (("cluster", "sshAccess"), "remove it: no port is open for SSH, on no bastion either; "
         "docs/control-plane.md says what gives a shell"),
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
        # Each of these was led to a key of another meaning by its letters, or to one that is not known there.
        (("cluster", "controlPlane", "etcd", "volumeIOPS"), "write iops"),
        (("cluster", "controlPlane", "etcd", "volumeThroughput"), "remove it: etcd writes less than the 125 MiB/s that "
         "gp3 has"),
        (("cluster", "api", "accessLog"), "remove it: AWS writes none of a listener without TLS; "
         "cluster.controlPlane.audit says who did what"),
        (("packages",), "remove it: a machine runs what Slipway's user-data says. Bring more in an image of your own"),
        (("updatePolicy",), "remove it: updates of a running machine are its image's own setting; newer images come by "
         "slipway roll"),
        (("cluster", "channel"), "remove it: versions are written out, in cluster.kubernetesVersion and image of "
         "instanceGroups"),
        (("cluster", "cloudConfig"), "write cluster.addons.ebsCsi for awsEBSCSIDriver; the rest is Slipway's to "
         "configure"),
        (("cluster", "iam", "serviceAccountExternalPermissions"), "write aws in the workload's file: it gives the "
         "workload a role"),
        (("cluster", "addons", "clusterAutoscaler", "scaleDownUnneededTime"), "write cloudLabels in instanceGroups, as "
         "k8s.io/cluster-autoscaler/node-template/autoscaling-options/scaledownunneededtime: the autoscaler takes it "
         "group by group"),
        (("cluster", "addons", "nodeTerminationHandler", "cpuRequest"), "remove it: its manifest is Slipway's; with "
         "managed: false you bring add-ons of your own"),
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
