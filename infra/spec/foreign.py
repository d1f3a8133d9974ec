"""Words that are written for an environment and its cluster by habit, and what to do about each.

From kops's ClusterSpec (``pkg/apis/kops/v1alpha2/cluster.go``), Typhoon's variables (``aws/*/kubernetes/variables.tf``)
and pulumi-eks's ClusterOptions. Case, hyphens and underscores do not matter. Paths are from the environment's root,
since one word is written at its root by some, under ``cluster`` or under ``network`` by others.
"""

from __future__ import annotations

from infra.spec import foreign_addons

_VPC = "write network.vpc.id for a VPC that exists, or nothing: Slipway makes one of network.cidr"
_SUBNETS = "write network.vpc.subnets for subnets that exist, or nothing: Slipway makes them for network.zones"
_ONE_BLOCK = "remove it: what the environment has lies in one block, network.cidr"
_NO_SSH = "remove it: no port is open for SSH, on no bastion either; docs/control-plane.md says what gives a shell"
_OF_GROUPS = "write it in each of instanceGroups"
_STATE = "write state.bucket: everything of the environment is in that one bucket"
_FLAGS = "remove it: {} runs with the flags that kubeadm checked; cluster.controlPlane has what may be set"
_NODES = "remove it: the kubelet is Slipway's to configure; instanceGroups has maxPods, nodeLabels, taints, sysctls"
_CONTAINERD = (
    "write cluster.registryMirrors for registryMirrors, registry by registry; the rest of containerd is Slipway's to "
    "configure"
)
_OWN_USER_DATA = "remove it: a machine runs what Slipway's user-data says. Bring more in an image of your own"
_UPDATES = "remove it: updates of a running machine are its image's own setting; newer images come by slipway roll"
_TAGGED = "remove it: subnets have the tags by which controllers find them, existing ones, too"
_LOAD_BALANCER = "remove it: the API's load balancers are Slipway's, each with one security group for allowedCidrs"
_ROLES = "remove it: what pods need of AWS is aws of their workload; machines' roles cannot be widened"
_COUNTS = "write instanceGroups, one of role ControlPlane for each member of the control plane"
_NO_MANIFEST = "describe the environment in the words of docs/options.md: this is no kops manifest"
_DOMAIN = "write cluster.api.hostedZone for the API's names, edge.dns for those of routes"

_OF_CLUSTER = {
    **dict.fromkeys(("apiVersion", "kind", "metadata", "spec"), _NO_MANIFEST),
    "version": "write cluster.kubernetesVersion",
    "clusterName": "write cluster.name",
    **dict.fromkeys(("networking", "networkPlugin"), "write cluster.cni: cilium or amazonVpc"),
    "nonMasqueradeCidr": "write cluster.podCidr and cluster.serviceCidr",
    **dict.fromkeys(("serviceClusterIpRange", "kubernetesServiceIpAddressRange"), "write cluster.serviceCidr"),
    **dict.fromkeys(("networkCidr", "vpcCidr", "hostCidr"), "write network.cidr"),
    **dict.fromkeys(("networkId", "vpcId", "vpc"), _VPC),
    **dict.fromkeys(("subnetIds", "privateSubnetIds", "publicSubnetIds"), _SUBNETS),
    "additionalNetworkCidrs": _ONE_BLOCK,
    "subnets": "write network.zones: each has a private and a public subnet; network.vpc.subnets has existing ones",
    "topology": "write network.nat, and subnets of instanceGroups: private or public",
    "availabilityZones": "write network.zones",
    **dict.fromkeys(
        ("kubernetesApiAccess", "publicAccessCidrs"), "write cluster.api.allowedCidrs, and cluster.api.access: public"
    ),
    **dict.fromkeys(("endpointPublicAccess", "endpointPrivateAccess"), "write cluster.api.access"),
    **dict.fromkeys(("masterPublicName", "masterInternalName", "dnsZone", "dnsZoneId", "additionalSans"), _DOMAIN),
    "clusterDnsDomain": "remove it: it is cluster.local",
    **dict.fromkeys(("sshAccess", "sshKeyName", "sshAuthorizedKey", "bastion", "nodePublicKey"), _NO_SSH),
    "nodePortAccess": "write edge.firewall and edge.tcpPorts: what comes from outside comes by the edge",
    "etcdClusters": "write cluster.controlPlane.etcd for the volumes; each group of role ControlPlane is a member",
    **dict.fromkeys(
        ("encryptionConfig", "encryptionConfigKeyArn"),
        "remove it: Secrets are always encrypted in etcd. For keys that AWS KMS wraps, write "
        "cluster.controlPlane.secretsEncryption",
    ),
    **dict.fromkeys(("additionalPolicies", "externalPolicies"), _ROLES),
    **dict.fromkeys(("authorization", "nodeAuthorization"), "remove it: it is Node and RBAC, always"),
    **dict.fromkeys(
        ("authentication", "oidc", "oidcIssuerUrl", "oidcClientId"),
        "write cluster.api.oidc, or nothing: people have short-lived certificates by slipway kubeconfig",
    ),
    "kubeApiServer": _FLAGS.format("the API server"),
    "kubeControllerManager": _FLAGS.format("the controller manager"),
    "kubeScheduler": _FLAGS.format("the scheduler"),
    **dict.fromkeys(("cloudControllerManager", "cloudProvider"), "remove it: it is AWS, always"),
    "cloudConfig": "write cluster.addons.ebsCsi for awsEBSCSIDriver; the rest is Slipway's to configure",
    "kubeProxy": foreign_addons.OF_ADDONS["kubeProxy"],
    "kubeDns": "write cluster.addons.coreDns",
    **dict.fromkeys(("kubelet", "masterKubelet", "controlPlaneKubelet"), _NODES),
    **dict.fromkeys(("containerd", "containerRuntime", "docker"), _CONTAINERD),
    **dict.fromkeys(("registryMirror", "mirrors", "containerdRegistryMirrors"), "write cluster.registryMirrors"),
    **dict.fromkeys(("sysctlParameters", "sysctl", "sysctls"), "write sysctls in each of instanceGroups"),
    **dict.fromkeys(("hooks", "fileAssets", "packages", "ntp"), _OWN_USER_DATA),
    "assets": "write cluster.registryMirrors for containerProxy and containerRegistry, registry by registry",
    **dict.fromkeys(("controllerSnippets", "workerSnippets"), _OWN_USER_DATA),
    **dict.fromkeys(("certManager", "certificates"), "write edge.tls.acme"),
    **dict.fromkeys(("externalDns", "dns"), "write edge.dns"),
    "awsLoadBalancerController": "remove it: the edge has a load balancer, and backends of type: loadBalancer have",
    "serviceAccountIssuerDiscovery": "write state.issuerBucket; the issuer's keys are always published there",
    **dict.fromkeys(("createOidcProvider", "podIdentityWebhook"), foreign_addons.OF_ADDONS["podIdentityWebhook"]),
    **dict.fromkeys(("configBase", "configStore", "keyStore", "secretStore"), _STATE),
    "channel": "remove it: versions are written out, in cluster.kubernetesVersion and image of instanceGroups",
    **dict.fromkeys(("rollingUpdate", "warmPool", "machineType"), _OF_GROUPS),
    "updatePolicy": _UPDATES,
    **dict.fromkeys(("tagSubnets", "disableSubnetTags"), _TAGGED),
    **dict.fromkeys(("cloudLabels", "defaultTags"), "write tags, at the environment's root"),
    **dict.fromkeys(("auditPolicy", "auditLog", "audit", "enabledClusterLogTypes"), "write cluster.controlPlane.audit"),
    **dict.fromkeys(("controllerCount", "workerCount", "nodeGroups", "nodes", "desiredCapacity"), _COUNTS),
    **dict.fromkeys(("controllerType", "workerType", "instanceType"), "write machineType in instanceGroups"),
    **dict.fromkeys(("controllerDiskSize", "workerDiskSize"), "write rootVolume.sizeGi in instanceGroups"),
    **dict.fromkeys(("controllerDiskType", "workerDiskType"), "write rootVolume.type in instanceGroups"),
    **dict.fromkeys(("controllerArch", "workerArch"), "write architecture in instanceGroups"),
    "workerPrice": "write mixedInstancesPolicy in instanceGroups, with instances and onDemandAboveBase: 0",
    "workerTargetGroups": "write targetGroups in instanceGroups",
    "workerNodeLabels": "write nodeLabels in instanceGroups",
    "osImage": "write image in instanceGroups",
    "components": "write cluster.addons",
    **dict.fromkeys(("ipv6", "enableIpv6", "ipFamilyPolicy"), "remove it: the network has no IPv6"),
    "egressProxy": "remove it: machines reach the internet by network.nat, or by the routes of existing subnets",
    "useHostCertificates": "remove it: what trusts the machine's image trusts its certificates, without being told",
    "isolateMasters": "remove it: members are on the pod network, and their taint keeps other pods away",
    **dict.fromkeys(("target", "project"), "remove it: it is Pulumi and AWS, always"),
    **dict.fromkeys(
        ("gossipConfig", "dnsControllerGossipConfig"),
        "remove it: names are those of cluster.api.hostedZone, or the load balancers' own",
    ),
    "karpenter": "write cluster.addons.clusterAutoscaler: it is what sizes groups",
    "featureGates": "remove it: components run with the gates that their version has on",
    "gpu": "write a machineType with a GPU in instanceGroups, an image with its driver, and a taint",
    "snapshotController": foreign_addons.OF_ADDONS["snapshotController"],
    "storageClasses": "write cluster.addons.ebsCsi.defaultStorageClass",
}


OF_ENVIRONMENT = {
    **_OF_CLUSTER,
    "account": "write accountId",
    **{
        addon: f"write cluster.addons.{addon}"
        for addon in ("clusterAutoscaler", "metricsServer", "nodeTerminationHandler", "nodeProblemDetector")
    },
}
OF_CLUSTER = {**_OF_CLUSTER, "zones": "write network.zones"}
OF_NETWORK = {
    **dict.fromkeys(("networkCidr", "vpcCidr", "vpcCidrBlock", "cidrBlock", "hostCidr"), "write cidr"),
    **dict.fromkeys(("id", "vpcId", "networkId"), _VPC),
    "additionalNetworkCidrs": _ONE_BLOCK,
    **dict.fromkeys(("subnetIds", "privateSubnetIds", "publicSubnetIds"), _SUBNETS),
    "subnets": "write vpc.subnets for subnets that exist, or nothing: each of zones has a private and a public subnet",
    "availabilityZones": "write zones",
    **dict.fromkeys(("topology", "natGateways", "natGateway", "natGatewayStrategy"), "write nat"),
    **dict.fromkeys(("ipv6", "enableIpv6", "ipv6Cidr"), _OF_CLUSTER["ipv6"]),
    **dict.fromkeys(("tagSubnets", "disableSubnetTags"), _TAGGED),
    **dict.fromkeys(
        ("egress", "transitGateway"),
        "write natAddresses for Elastic IP addresses, vpc.subnets for subnets with a way out of their own",
    ),
    **dict.fromkeys(("publicIp", "elasticIps", "eips", "externalNatIpIds"), "write natAddresses, by zone"),
}
OF_VPC = {
    **dict.fromkeys(("vpcId", "networkId"), "write id"),
    **dict.fromkeys(("internetGateway", "igw", "gatewayId"), "write internetGatewayId"),
    **dict.fromkeys(("subnetIds", "privateSubnetIds", "publicSubnetIds"), "write subnets"),
    **dict.fromkeys(("cidr", "cidrBlock", "vpcCidr"), "write network.cidr"),
    **dict.fromkeys(("zones", "nat"), "write it under network, beside vpc"),
}
OF_SUBNET = {
    **dict.fromkeys(("subnetId", "subnet"), "write id"),
    **dict.fromkeys(("cidrBlock", "block"), "write cidr"),
    **dict.fromkeys(("type", "name", "egress", "routeTable"), "remove it"),
    **dict.fromkeys(("zone", "availabilityZone"), "write it once, beside private and public"),
}
OF_API = {
    "loadBalancer": "write access: internal or public; its load balancers are Slipway's",
    "public": "write access: public, and allowedCidrs",
    **dict.fromkeys(("cidrs", "sources", "sourceRanges", "kubernetesApiAccess"), "write allowedCidrs"),
    **dict.fromkeys(("dns", "dnsZone", "zone", "zoneId", "publicName", "additionalSans"), "write hostedZone"),
    **dict.fromkeys(("class", "type"), "write access; its load balancers are Network Load Balancers"),
    **dict.fromkeys(("additionalSecurityGroups", "securityGroupOverride", "subnets"), _LOAD_BALANCER),
    **dict.fromkeys(
        ("sslCertificate", "sslPolicy"),
        "remove it: client certificates, which kubeconfigs are made of, end at the API server",
    ),
    "crossZoneLoadBalancing": "remove it: it is on, always",
    "idleTimeoutSeconds": "remove it: clients of the API keep their connections busy",
    "useForInternalApi": "remove it: machines come by the load balancer inside the VPC, always",
    "accessLog": "remove it: AWS writes none of a listener without TLS; cluster.controlPlane.audit says who did what",
}
OF_IAM = {
    "legacy": "remove it: no role may do more than its part needs",
    "allowContainerRegistry": "remove it: machines pull from the account's registry, always",
    "useServiceAccountExternalPermissions": "remove it: add-ons have roles of their own, always",
    "serviceAccountExternalPermissions": "write aws in the workload's file: it gives the workload a role",
    **dict.fromkeys(("additionalPolicies", "externalPolicies"), _ROLES),
    **dict.fromkeys(("profile", "instanceProfile"), "remove it: each group has a role of its own"),
}
OF_OIDC = {
    **dict.fromkeys(("oidcIssuerUrl", "issuer", "url"), "write issuerUrl"),
    **dict.fromkeys(("oidcClientId", "audience", "audiences"), "write clientId"),
    **dict.fromkeys(("oidcUsernameClaim", "username"), "write usernameClaim"),
    "oidcGroupsClaim": "write groupsClaim",
    **dict.fromkeys(
        ("usernamePrefix", "oidcUsernamePrefix", "groupsPrefix", "oidcGroupsPrefix"),
        "write prefix: one for users and groups",
    ),
    **dict.fromkeys(("oidcRequiredClaim", "requiredClaim"), "write requiredClaims, a mapping of claims to values"),
    **dict.fromkeys(("oidcCaFile", "caFile", "ca", "certificateAuthority"), "write caCertificate, in PEM"),
    "clientSecret": "remove it: kubectl is a public client, and the API server needs none",
}
OF_CONTROL_PLANE = {
    **dict.fromkeys(
        ("count", "members", "replicas", "size", "machineType", "zones"),
        "write a group of role ControlPlane in instanceGroups for each member",
    ),
}
OF_ETCD = {
    **dict.fromkeys(("size", "volumeSize", "sizeGi"), "write volumeSizeGi"),
    "type": "write volumeType",
    **dict.fromkeys(("encrypted", "encryptedVolume", "kmsKeyId"), "remove it: the volumes are always encrypted"),
    **dict.fromkeys(("members", "etcdMembers", "replicas"), "remove it: each group of role ControlPlane is a member"),
    **dict.fromkeys(
        ("backups", "backupStore", "retention", "backupRetentionDays", "manager"),
        "remove it: each member backs up to the state bucket",
    ),
    "volumeIops": "write iops",
    "volumeThroughput": "remove it: etcd writes less than the 125 MiB/s that gp3 has",
    **dict.fromkeys(("version", "image", "provider"), "remove it: etcd comes with cluster.kubernetesVersion"),
    **dict.fromkeys(
        ("cpuRequest", "memoryRequest", "heartbeatInterval", "leaderElectionTimeout", "quotaBackendBytes"),
        "remove it: etcd runs with the flags of its manifest, which are for zones of one region",
    ),
    **dict.fromkeys(("enableEtcdTls", "enableTlsAuth"), "remove it: etcd speaks TLS alone, always"),
}
OF_AUDIT = {
    "auditLogMaxAge": "write maxAgeDays",
    "auditLogMaxBackups": "write maxFiles",
    "auditLogMaxSize": "write maxSizeMi",
    "auditLogPath": "remove it: it is /var/log/kubernetes/audit/audit.log; logging ships it",
    **dict.fromkeys(("auditPolicyFile", "policy", "policyFile", "level"), "write profile: metadata or request"),
}
OF_CONTROLLERS = {
    "podEvictionTimeout": "write notReadyToleration and unreachableToleration",
    "terminatedPodGcThreshold": "write terminatedPodsKept",
}
OF_STATE = {
    **dict.fromkeys(("name", "store", "bucketName", "url", "configBase"), "write bucket, its name without s3://"),
    **dict.fromkeys(
        ("versioning", "encryption", "encrypted", "kmsKeyId"), "remove it: the bucket is always versioned and encrypted"
    ),
}
