"""Words that are written for instance groups by habit, and what to do about each.

From kops's InstanceGroupSpec (``pkg/apis/kops/v1alpha2/instancegroup.go``), Typhoon's worker pools
(``aws/*/kubernetes/workers/variables.tf``) and pulumi-eks's NodeGroup. Case, hyphens and underscores do not matter.
"""

from __future__ import annotations

_SPOT = "write mixedInstancesPolicy with instances and onDemandAboveBase: 0; Spot never costs more than On-Demand"
_ENCRYPTED = "remove it: every volume is encrypted, by the account's own key for EBS"
_SIZES = "write minSize and maxSize, and desiredSize where no autoscaler decides"
_OWN_USER_DATA = (
    "remove it: a machine runs what Slipway's user-data says. Bring more in an image of your own (image), or as a "
    "workload of kind: DaemonSet"
)
_NO_SSH = "remove it: no port is open for SSH; docs/control-plane.md says what gives a shell"
_OWN_ROLE = "remove it: each group has a role of its own, and what pods need of AWS is aws of their workload"
_KUBELET = (
    "write maxPods, nodeLabels and taints; the rest of the kubelet's configuration follows from the machine's size"
)
_PUBLIC = "write subnets: public or private: machines in public ones have a public address"
_GPU = "write a machineType with a GPU, an image with its driver, and a taint"

OF_GROUP = {
    **dict.fromkeys(("labels", "kubernetesLabels"), "write nodeLabels for labels of nodes, cloudLabels for AWS tags"),
    **dict.fromkeys(("tags", "autoScalingGroupTags", "cloudFormationTags"), "write cloudLabels"),
    "annotations": "remove it: write nodeLabels; a Node's annotations are its controllers' own",
    **dict.fromkeys(("instanceTypes", "machineTypes"), "write mixedInstancesPolicy.instances, best first"),
    "instanceType": "write machineType",
    "arch": "write architecture",
    **dict.fromkeys(("count", "workerCount", "controllerCount", "replicas", "size"), _SIZES),
    **dict.fromkeys(("desiredCapacity", "desired"), "write desiredSize"),
    **dict.fromkeys(("rootVolumeSize", "nodeRootVolumeSize", "diskSize", "volumeSize"), "write rootVolume.sizeGi"),
    **dict.fromkeys(("rootVolumeType", "nodeRootVolumeType", "diskType", "volumeType"), "write rootVolume.type"),
    **dict.fromkeys(("rootVolumeIops", "nodeRootVolumeIops", "diskIops"), "write rootVolume.iops"),
    **dict.fromkeys(("rootVolumeThroughput", "nodeRootVolumeThroughput"), "write rootVolume.throughput"),
    **dict.fromkeys(
        ("rootVolumeEncryption", "rootVolumeEncryptionKey", "nodeRootVolumeEncrypted", "encryptRootBlockDevice"),
        _ENCRYPTED,
    ),
    "rootVolumeOptimization": "remove it: types of today are optimised for EBS by themselves",
    **dict.fromkeys(
        ("rootVolumeDeleteOnTermination", "nodeRootVolumeDeleteOnTermination"),
        "remove it: a root volume goes with its machine",
    ),
    "volumeMounts": "write mountPath of each of volumes",
    **dict.fromkeys(("maxPrice", "spotPrice", "spot", "spotDurationInMinutes", "capacityType"), _SPOT),
    "gcpProvisioningModel": _SPOT,
    "instanceInterruptionBehavior": "remove it: an interrupted machine is drained and terminated",
    **dict.fromkeys(("associatePublicIp", "nodeAssociatePublicIpAddress", "publicIp"), _PUBLIC),
    **dict.fromkeys(("subnetIds", "nodeSubnetIds"), "write zones, and subnets: private or public"),
    "availabilityZones": "write zones",
    **dict.fromkeys(
        ("externalLoadBalancers", "targetGroupArns", "loadBalancers", "loadBalancerName"),
        "write targetGroups, a list of ARNs; a classic load balancer has none",
    ),
    **dict.fromkeys(("placement", "placementGroup"), "remove it: groups spread over zones; write tenancy for hosts"),
    **dict.fromkeys(
        ("apiVersion", "kind", "metadata", "spec"), "write name, role and the keys of spec here, side by side"
    ),
    **dict.fromkeys(
        ("securityGroups", "extraNodeSecurityGroups", "extraSecurityGroups"), "write additionalSecurityGroups"
    ),
    **dict.fromkeys(
        ("securityGroupOverride", "nodeSecurityGroup"),
        "remove it: the role decides; additionalSecurityGroups adds to it",
    ),
    **dict.fromkeys(
        ("iam", "iamInstanceProfile", "instanceProfile", "instanceProfileName", "additionalPolicies"), _OWN_ROLE
    ),
    **dict.fromkeys(
        ("instanceMetadata", "metadataOptions"), "remove it: every machine asks for IMDSv2, and answers reach one hop"
    ),
    **dict.fromkeys(("kubelet", "kubeletExtraArgs", "bootstrapExtraArgs"), _KUBELET),
    "nodeTaints": "write taints",
    **dict.fromkeys(
        ("sysctlParameters", "sysctl", "kernelParameters"),
        "write sysctls, a mapping of names to values in quotes in place of a list of name=value",
    ),
    **dict.fromkeys(
        ("additionalUserData", "userData", "nodeUserData", "hooks", "fileAssets", "packages", "snippets"),
        _OWN_USER_DATA,
    ),
    **dict.fromkeys(("bootstrapCommands", "nodeUserDataOverride", "nodeadmExtraOptions"), _OWN_USER_DATA),
    "compressUserData": "remove it: user-data stays readable, so that a preview can show what changes in it",
    **dict.fromkeys(
        ("containerd", "registryMirrors"),
        "write cluster.registryMirrors for its mirrors; the rest of containerd is configured by Slipway",
    ),
    **dict.fromkeys(("sshKeyName", "keyName", "nodePublicKey", "sshAuthorizedKey"), _NO_SSH),
    **dict.fromkeys(("guestAccelerators", "gpu", "gpus"), _GPU),
    **dict.fromkeys(("ami", "amiId", "amiType", "guestOs", "operatingSystem", "osImage", "osChannel"), "write image"),
    "updatePolicy": "remove it: updates of a running machine are its image's own setting; newer images come by "
    "slipway roll",
    "manager": "remove it: every group is an Auto Scaling group",
    **dict.fromkeys(
        ("autoscale", "ignoreScalingChanges"), "remove it: a group without desiredSize is the autoscaler's to size"
    ),
    "enableDetailedMonitoring": "write detailedInstanceMonitoring",
}
OF_MIXED = {
    **dict.fromkeys(("overrides", "instanceTypes", "types"), "write instances, best first"),
    "onDemandBaseCapacity": "write onDemandBase",
    "onDemandPercentageAboveBaseCapacity": "write onDemandAboveBase",
    **dict.fromkeys(("spotMaxPrice", "maxPrice", "spotPrice"), "remove it: Spot never costs more than On-Demand"),
}
OF_REQUIREMENTS = {
    "memory": "write memoryMi, in MiB",
    **dict.fromkeys(("vcpu", "vcpus", "vcpuCount"), "write cpu"),
    "burstablePerformance": "write burstable",
    "instanceGenerations": "write generations",
}
OF_WARM_POOL = {
    "enableLifecycleHook": "remove it: a machine of the pool ends its first boot before it waits",
    "poolState": "write state",
    "maxGroupPreparedCapacity": "write maxSize",
    "instanceReusePolicy": "write reuseOnScaleIn",
}
OF_ROLLING = {
    "drainAndTerminate": "remove it: every machine is drained before it is terminated",
}
_OF_VOLUME = {
    **dict.fromkeys(("size", "volumeSize"), "write sizeGi"),
    "volumeType": "write type",
    **dict.fromkeys(("encrypted", "encryption", "key", "kmsKeyId"), _ENCRYPTED),
    "deleteOnTermination": "remove it: a machine's volumes go with it; claims of a workload are kept",
}
OF_ROOT_VOLUME = {**_OF_VOLUME, "device": "remove it: the image says which device is its root"}
OF_DATA_VOLUME = {
    **_OF_VOLUME,
    "path": "write mountPath",
    **dict.fromkeys(
        ("filesystem", "formatOptions", "mountOptions"), "remove it: a volume is formatted as ext4 and mounted so"
    ),
}
