"""What the tests of the spec share: the problems of a mapping, and environments to vary."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from infra.spec import Problem, SpecError, from_mapping
from infra.spec.errors import Location, format_path
from tests.infra.networks import existing_subnets
from tests.infra.samples import CERTIFICATE, ENVIRONMENT, group_mapping, sample_mapping

GROUP = "instanceGroups[3]"
"""Path of the group that `with_fourth` adds."""

BACKENDS: list[dict[str, Any]] = [
    {
        "name": "front",
        "namespace": "web",
        "type": "loadBalancer",
        "workload": "shop-front",
        "ports": [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}],
        "loadBalancer": {
            "scheme": "internet-facing",
            "sourceRanges": ["198.51.100.0/24"],
            "target": "instance",
            "proxyProtocol": True,
        },
        "trafficDistribution": "PreferSameZone",
    },
    {
        "name": "front-nodes",
        "namespace": "web",
        "type": "nodePort",
        "workload": "shop-front",
        "ports": [{"name": "http", "port": 80}],
        "nodePort": 30080,
    },
    {
        "name": "rates",
        "namespace": "web",
        "type": "externalName",
        "host": "rates.example.com",
        "reachableIn": ["203.0.113.0/24"],
        "ports": [{"name": "https", "port": 443}],
    },
    {
        "name": "database",
        "namespace": "web",
        "type": "addresses",
        "addresses": ["10.9.0.4"],
        "ports": [{"name": "postgres", "port": 5432}],
    },
]
"""A backend of each form, so that every key stands somewhere."""

RICH_SUBNETS = [
    {**each, "private": {**each["private"], "membersFrom": each["private"]["cidr"].replace(".0/20", ".20")}}
    for each in existing_subnets()
]

RICH: dict[str, Any] = {
    **sample_mapping(
        tags={"team": "platform", "cost centre": "42"},
        state={"bucket": "acme-slipway-test", "noncurrentVersionDays": 365, "issuerBucket": "acme-slipway-issuer"},
        network={
            "nat": "perZone",
            "flowLogs": {"enabled": False, "traffic": "ALL", "retentionDays": 90},
            "vpc": {"id": "vpc-0123456789abcdef0", "subnets": RICH_SUBNETS},
        },
        cluster={
            "cni": "cilium",
            "networkPolicies": "enforced",
            "podCidr": "100.96.0.0/11",
            "serviceCidr": "100.64.0.0/13",
            "api": {
                "access": "public",
                "allowedCidrs": ["203.0.113.0/24"],
                "hostedZone": "Z0123456789ABCDEFGHIJ",
                "oidc": {
                    "issuerUrl": "https://login.example.com",
                    "clientId": "kubernetes",
                    "usernameClaim": "email",
                    "groupsClaim": "groups",
                    "prefix": "acme:",
                    "requiredClaims": {"hd": "example.com"},
                    "scopes": ["email"],
                    "caCertificate": CERTIFICATE,
                    "groups": {"developers": "view"},
                },
            },
            "controlPlane": {
                "etcd": {"volumeSizeGi": 40, "volumeType": "io2", "iops": 4000},
                "controllers": {
                    "nodeMonitorPeriod": "5s",
                    "nodeMonitorGracePeriod": "40s",
                    "notReadyToleration": "2m",
                    "unreachableToleration": "2m",
                    "terminatedPodsKept": 500,
                },
                "audit": {"profile": "request", "maxSizeMi": 50, "maxFiles": 5, "maxAgeDays": 7},
                "secretsEncryption": "kmsReadable",
            },
            "registryMirrors": {
                "docker.io": ["https://harbor.example.com/v2/hub", "https://mirror.example.com"],
                "quay.io": ["https://111122223333.dkr.ecr.eu-central-1.amazonaws.com/v2/quay"],
                "registry.example.com:5000": ["https://mirror.example.com:8443"],
            },
            "pki": {"signing": 1, "trusted": [1, 2]},
            "iam": {"permissionsBoundary": "arn:aws:iam::111122223333:policy/boundary"},
            "addons": {
                "managed": True,
                "cilium": {"encryption": "wireguard"},
                "coreDns": {"replicas": 3},
                "ebsCsi": {"enabled": True, "defaultStorageClass": True},
                "metricsServer": {"enabled": True},
                "nodeTerminationHandler": {"enabled": True},
                "clusterAutoscaler": {"enabled": True, "expander": "priority"},
                "nodeProblemDetector": {"enabled": True},
                "kubeletCsrApprover": {"enabled": True},
            },
            "namespaces": [
                {"name": "web", "podSecurity": "baseline", "quota": {"cpu": 4, "memoryGi": 8, "pods": 50}},
            ],
        },
        logging={
            "enabled": True,
            "store": "elasticsearch",
            "retentionDays": 14,
            "auditRetentionDays": 90,
            "bufferGi": 2,
            # Of another store, and so as they are without being written.
            "openSearch": {"members": 3, "volumeSizeGi": 100, "memoryGi": 2},
            "elasticsearch": {"host": "logs.example.com", "port": 9243, "user": "shop", "secret": "logPassword"},
        },
        monitoring={
            "enabled": True,
            "retentionDays": 30,
            "volumeSizeGi": 100,
            "memoryGi": 4,
            "scrapeSeconds": 60,
            "rules": ["shop"],
            "alerting": {"secret": "alertReceivers"},
            "grafana": {"enabled": True, "dashboards": ["shop"]},
        },
        edge={
            "firewall": [
                {"name": "web", "sources": ["anywhere"], "ports": [80, 443], "hosts": ["shop.example.com"]},
                {"name": "office", "sources": ["198.51.100.0/24"], "ports": ["postgres"], "hosts": []},
            ],
            "routes": [
                {
                    "name": "shop",
                    "hosts": ["shop.example.com"],
                    "namespace": "web",
                    "service": "shop",
                    "port": 80,
                    "path": "/",
                    "targetPort": 8080,
                    "podLabels": {"app": "shop"},
                    "ingress": True,
                    "furtherServices": [{"service": "api", "targetPort": 9000, "podLabels": {"app": "api"}}],
                },
            ],
            "tcpPorts": [
                {
                    "name": "postgres",
                    "port": 5432,
                    "namespace": "web",
                    "service": "postgres",
                    "servicePort": 5432,
                    "targetPort": 15432,
                    "podLabels": {"app": "postgres"},
                },
            ],
            "tls": {
                "acme": {"email": "certificates@example.com", "server": "staging", "solver": "dns01"},
                "minVersion": "1.3",
            },
            "dns": {"zone": "example.com", "zoneId": "Z0123456789ABCDEFGHIJ"},
            "internal": False,
            "crossZone": True,
            "readTimeout": "10m",
            "deletionProtection": False,
        },
        workloads=[{"name": "shop-front", "namespace": "web", "overrides": {}}],
        backends=BACKENDS,
        pinnedImages=False,
        registry={"services": ["web"], "pulledFrom": ["222233334444"], "keepBuilt": 10, "keepReleased": 100},
    ),
    "instanceGroups": [
        *ENVIRONMENT["instanceGroups"],
        {
            "name": "full",
            "role": "Node",
            "renamedFrom": "once",
            "retire": False,
            "machineType": "t3.large",
            "architecture": "amd64",
            "image": "ssm:/aws/service/debian/release/12/latest/amd64",
            "minSize": 1,
            "maxSize": 5,
            "desiredSize": 2,
            "zones": ["eu-central-1a", "eu-central-1b"],
            "subnets": "private",
            "warmPool": {"minSize": 1, "maxSize": 4, "state": "Stopped", "reuseOnScaleIn": True},
            "maxInstanceLifetime": "30d",
            "drainTimeout": "10m",
            "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 1, "drainTimeout": "20m"},
            "rootVolume": {"sizeGi": 100, "type": "gp3", "iops": 4000, "throughput": 500},
            "volumes": [
                {"device": "/dev/sdf", "mountPath": "/var/lib/data", "sizeGi": 200, "type": "io2", "iops": 1000},
                {"device": "/dev/sdg", "mountPath": "/srv/logs", "sizeGi": 500, "type": "st1"},
            ],
            "nodeLabels": {"example.com/pool": "full"},
            "taints": ["dedicated=web:NoSchedule"],
            "sysctls": {"vm.max_map_count": "262144", "net.ipv4.tcp_rmem": "4096 131072 16777216"},
            "cloudLabels": {"owner": "web"},
            "additionalSecurityGroups": ["sg-0123456789abcdef0"],
            "targetGroups": [
                "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/web/0123456789abcdef",
            ],
            "detailedInstanceMonitoring": True,
            "cpuCredits": "standard",
            "tenancy": "default",
            "instanceProtection": True,
            "suspendProcesses": ["AZRebalance"],
            "maxPods": 58,
        },
        {
            "name": "listed",
            "role": "Node",
            "minSize": 0,
            "maxSize": 9,
            "autoscalePriority": 50,
            "capacityRebalance": True,
            "mixedInstancesPolicy": {
                "instances": ["m7i.large", "m6i.large"],
                "onDemandBase": 1,
                "onDemandAboveBase": 20,
                "onDemandAllocationStrategy": "prioritized",
                "spotAllocationStrategy": "lowest-price",
                "spotInstancePools": 3,
            },
        },
        {
            "name": "by-need",
            "role": "Node",
            "architecture": "arm64",
            "minSize": 0,
            "maxSize": 9,
            "mixedInstancesPolicy": {
                "instanceRequirements": {
                    "cpu": {"min": 2, "max": 8},
                    "memoryMi": {"min": 4096, "max": 65536},
                    "excludedInstanceTypes": ["a1*", "*.metal"],
                    "generations": ["current"],
                    "burstable": "included",
                    "localStorage": "excluded",
                },
                "onDemandAllocationStrategy": "lowest-price",
                "spotAllocationStrategy": "capacity-optimized",
            },
        },
    ],
}
"""A valid environment in which every key of the spec stands somewhere, save `allowedInstanceTypes` and `acm`."""


def changed(location: Location, value: Any) -> dict[str, Any]:
    """Return the rich environment with another value at a location."""
    raw = copy.deepcopy(RICH)
    at(raw, location[:-1])[location[-1]] = value
    return raw


def problems(raw: object, name: str = "test") -> tuple[Problem, ...]:
    """Return what is wrong with a mapping; nothing if it is accepted."""
    try:
        from_mapping(raw, name)
    except SpecError as error:
        return error.problems
    return ()


def report(raw: object, name: str = "test") -> list[str]:
    """Return the lines that a reader sees of what is wrong with a mapping."""
    return [str(problem) for problem in problems(raw, name)]


def with_fourth(**keys: Any) -> dict[str, Any]:
    """Return the sample environment with a fourth group, a worker with these keys; None leaves a key out."""
    group = {key: value for key, value in {**group_mapping("fourth"), **keys}.items() if value is not None}
    return sample_mapping(instanceGroups=[*ENVIRONMENT["instanceGroups"], group])


def at(container: Any, location: Location) -> Any:
    """Return what stands at a location."""
    for part in location:
        container = container[part]
    return container


def locations(value: Any, above: Location = ()) -> Iterator[Location]:
    """Yield the location of every value inside a mapping or list, outer ones first."""
    entries: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*above, key)
        yield from locations(inner, (*above, key))


def paths(raw: object) -> list[str]:
    """Return the paths of what is wrong with a mapping."""
    return [format_path(problem.location) for problem in problems(raw)]
