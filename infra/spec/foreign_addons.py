"""Words that are written for add-ons by habit, and what to do about each.

From the parts of kops's ClusterSpec that are add-ons (``pkg/apis/kops/v1alpha2/cluster.go``, ``componentconfig.go`` and
``networking.go``). Case, hyphens and underscores do not matter.
"""

from __future__ import annotations

_OPTION = (
    "write cloudLabels in instanceGroups, as k8s.io/cluster-autoscaler/node-template/autoscaling-options/{}: the "
    "autoscaler takes it group by group"
)
_VERSIONS = "remove it: add-ons come in the versions that docs/addons.md lists"
_ALWAYS = "remove it: it is so, always"
_MANIFEST = "remove it: its manifest is Slipway's; with managed: false you bring add-ons of your own"

_OF_EVERY_ADDON = {
    **dict.fromkeys(("version", "image", "imageTag"), _VERSIONS),
    **dict.fromkeys(
        ("cpuRequest", "cpuLimit", "memoryRequest", "memoryLimit", "podAnnotations", "logLevel", "tolerations"),
        _MANIFEST,
    ),
}
_OBSERVED = "remove it: monitoring.enabled collects its metrics"

OF_ADDONS = {
    **dict.fromkeys(("awsEbsCsiDriver", "ebsCsiDriver", "storage"), "write ebsCsi"),
    **dict.fromkeys(("efsCsi", "awsEfsCsiDriver", "efsCsiDriver"), "remove it: volumes are EBS's, by ebsCsi"),
    "kubeDns": "write coreDns",
    "nodeLocalDns": "remove it: cluster.addons.coreDns.replicas gives CoreDNS more pods; machines cache nothing",
    **dict.fromkeys(("karpenter", "autoscaler"), "write clusterAutoscaler: it is what sizes groups"),
    **dict.fromkeys(("certManager", "externalDns", "awsLoadBalancerController"), "write edge, edge.tls and edge.dns"),
    **dict.fromkeys(("vpcCni", "amazonVpc", "calico", "flannel"), "write cluster.cni: cilium or amazonVpc"),
    "kubeProxy": "remove it: Cilium does its work; with cni: amazonVpc it runs by itself",
    "snapshotController": "remove it: docs/volumes.md says how volumes are copied and brought back",
    "podIdentityWebhook": "remove it: workloads with aws have roles, always",
    **dict.fromkeys(("manifest", "manifests"), "remove it: bring objects of your own by kubectl, Flux or Argo CD"),
    "enabled": "write managed",
}
OF_CILIUM = {
    **_OF_EVERY_ADDON,
    **dict.fromkeys(("enableEncryption", "encryptionType", "nodeEncryption"), "write encryption: wireguard"),
    **dict.fromkeys(("hubble", "ingress", "gatewayApi", "bgpControlPlane"), "remove it: it is off, always"),
    **dict.fromkeys(("enablePrometheusMetrics", "agentPrometheusPort"), _OBSERVED),
    **dict.fromkeys(
        ("ipam", "tunnel", "masquerade", "enableNodePort", "etcdManaged", "identityAllocationMode"),
        "remove it: pods' addresses are cluster.podCidr's, tunnelled by VXLAN, and Cilium does what kube-proxy would",
    ),
}
OF_AUTOSCALER = {
    **_OF_EVERY_ADDON,
    "scaleDownUtilizationThreshold": _OPTION.format("scaledownutilizationthreshold"),
    "scaleDownUnneededTime": _OPTION.format("scaledownunneededtime"),
    "scaleDownUnreadyTime": _OPTION.format("scaledownunreadytime"),
    "scaleDownGpuUtilizationThreshold": _OPTION.format("scaledowngpuutilizationthreshold"),
    **dict.fromkeys(("balanceSimilarNodeGroups", "cordonNodeBeforeTerminating", "skipNodesWithSystemPods"), _ALWAYS),
    "skipNodesWithLocalStorage": "remove it: a node goes though its pods have local storage",
    "awsUseStaticInstanceList": "remove it: it asks EC2 for instance types, as its role may",
    **dict.fromkeys(
        (
            "scaleDownDelayAfterAdd",
            "newPodScaleUpDelay",
            "maxEmptyBulkDelete",
            "maxNodeProvisionTime",
            "ignoreDaemonSetsUtilization",
        ),
        _MANIFEST,
    ),
    **dict.fromkeys(
        ("createPriorityExpanderConfig", "customPriorityExpanderConfig"),
        "write expander: priority, and autoscalePriority in instanceGroups",
    ),
}
OF_TERMINATION_HANDLER = {
    **_OF_EVERY_ADDON,
    **dict.fromkeys(
        (
            "enableSqsTerminationDraining",
            "enableSpotInterruptionDraining",
            "enableScheduledEventDraining",
            "enableRebalanceDraining",
            "enableRebalanceMonitoring",
        ),
        "remove it: it drains for every such event, by the queue; capacityRebalance in instanceGroups asks for new "
        "machines",
    ),
    **dict.fromkeys(
        ("managedAsgTag", "checkAsgTagBeforeDraining"), "remove it: it acts on the cluster's machines alone"
    ),
    **dict.fromkeys(("prometheusEnable", "enablePrometheusMetrics"), _OBSERVED),
    **dict.fromkeys(("taintNode", "excludeFromLoadBalancers", "deleteSqsMsgIfNodeNotFound", "webhookUrl"), _MANIFEST),
    "podTerminationGracePeriod": "write drainTimeout in instanceGroups",
}
OF_EBS_CSI = {
    **_OF_EVERY_ADDON,
    "managed": "write enabled",
    "manageStorageClasses": "write defaultStorageClass",
    **dict.fromkeys(("volumeAttachLimit", "kubeApiQps", "kubeApiBurst", "hostNetwork"), _MANIFEST),
}
OF_CORE_DNS = {
    **_OF_EVERY_ADDON,
    "provider": _ALWAYS,
    "domain": "remove it: it is cluster.local",
    **dict.fromkeys(
        ("upstreamNameservers", "stubDomains", "externalCoreFile"),
        "remove it: names outside of the cluster are asked of the VPC's resolver, which Route 53 Resolver rules extend",
    ),
    "nodeLocalDns": OF_ADDONS["nodeLocalDns"],
    **dict.fromkeys(("cacheMaxSize", "cacheMaxConcurrent"), _MANIFEST),
}
OF_OTHER_ADDONS = {**_OF_EVERY_ADDON, "insecure": "remove it: kubelets' serving certificates are verified, always"}
