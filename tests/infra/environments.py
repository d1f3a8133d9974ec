"""Random valid environments for hypothesis, as YAML would give them: made so that every rule of the spec holds."""

from __future__ import annotations

import ipaddress
from typing import Any

from hypothesis import strategies as st

Environment = dict[str, Any]
Draw = Any

REGIONS = ("eu-central-1", "us-east-1", "us-gov-west-1", "cn-north-1")
LONGEST_CLUSTER, LONGEST_GROUP_ROLE = 50, 64
WORKER_TYPES = {"amd64": ("t3.medium", "m7i.large", "c6a.4xlarge"), "arm64": ("t4g.medium", "m7g.large", "c7gn.xlarge")}
TAINTS = (
    "example.com/batch=true:NoSchedule",
    "example.com/batch:NoExecute",
    "gpu=:PreferNoSchedule",
    "spot:NoSchedule",
)
LABELS = {"example.com/pool": "web", "tier": "", "node.kubernetes.io/own": "x" * 63, "a.b/c_d": "1.0"}
SYSCTLS = {
    "vm.max_map_count": "262144",
    "net.ipv4.tcp_rmem": "4096 131072 16777216",
    "net.ipv4.conf.ens5/100.arp_ignore": "1",
    "net.netfilter.nf_conntrack_buckets": "262144",
    "fs.inotify.max_user_watches": "1048576",
    "kernel.core_pattern": "|/bin/false '%e' #: {}",
}
MIRRORS = {
    "docker.io": ["https://harbor.example.com/v2/hub", "https://mirror.example.com:8443"],
    "ghcr.io": ["https://harbor.example.com/v2/github"],
    "registry.example.com:5000": ["https://artifacts.example.com/artifactory/api/docker/remote/v2"],
}
IMAGES = {"amd64": "ami-0123456789abcdef0", "arm64": "ami-0123456789abcdef1"}
DNS_SUFFIXES = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}
SOURCES = ("198.51.100.0/24", "203.0.113.7/32", "10.0.0.0/8", "192.0.2.128/25")
ROOT_VOLUMES: tuple[Environment, ...] = (
    {},
    {"sizeGi": 8},
    {"sizeGi": 200, "iops": 6000, "throughput": 500},
    {"type": "io2", "iops": 4000},
    {"type": "gp2"},
)
DATA_VOLUMES: tuple[Environment, ...] = (
    {"device": "/dev/sdf", "mountPath": "/var/lib/data", "sizeGi": 1},
    {"device": "/dev/sdg", "mountPath": "/srv/a.b_c-d", "sizeGi": 500, "type": "st1"},
    {"device": "/dev/sdb", "mountPath": "/srv/fast", "sizeGi": 100, "type": "io1", "iops": 5000},
    {"device": "/dev/xvdba", "mountPath": "/data", "sizeGi": 65536, "iops": 80000, "throughput": 2000},
)
ROLLINGS: tuple[Environment, ...] = (
    {},
    {"maxSurge": 0, "maxUnavailable": "25%"},
    {"maxSurge": "100%", "drainTimeout": "1d"},
    {"maxUnavailable": 3},
)
LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)


def sometimes(draw: Draw, into: Environment, key: str, values: st.SearchStrategy[Any]) -> None:
    """Set a key, or leave it out."""
    if draw(st.booleans()):
        into[key] = draw(values)


def some(values: Any, least: int = 0) -> st.SearchStrategy[list[Any]]:
    """Return lists of different ones of some values, in any order."""
    return st.lists(st.sampled_from(values), unique_by=repr, min_size=least, max_size=min(4, len(values)))


@st.composite
def cluster_names(draw: Draw) -> str:
    """Return names of clusters: of one label to the longest there may be."""
    labels = draw(st.lists(LABEL, min_size=1, max_size=4))
    name = ".".join(labels)
    padding = draw(st.sampled_from([0, LONGEST_CLUSTER - len(name) - 1]))
    return f"{'x' * padding}.{name}" if padding > 0 else name[:LONGEST_CLUSTER].rstrip(".-")


@st.composite
def networks(draw: Draw, region: str) -> Environment:
    """Return networks of one to six zones."""
    prefix = draw(st.integers(16, 22))
    base = draw(st.sampled_from([f"10.64.0.0/{prefix}", f"172.20.0.0/{prefix}", f"192.168.0.0/{prefix}"]))
    letters = draw(st.lists(st.sampled_from("abcdef"), unique=True, min_size=1, max_size=6))
    network: Environment = {"cidr": base, "zones": [f"{region}{letter}" for letter in letters]}
    kind = draw(st.sampled_from(["own", "own", "vpc", "subnets"]))
    if kind == "subnets":
        network["vpc"] = {"id": "vpc-0123456789abcdef0", "subnets": existing_subnets(draw, base, network["zones"])}
        return network
    sometimes(draw, network, "nat", st.sampled_from(["none", "single", "perZone"]))
    if kind == "vpc":
        network["vpc"] = {"id": "vpc-0123456789abcdef0", "internetGatewayId": "igw-0123456789abcdef0"}
    else:
        sometimes(draw, network, "flowLogs", st.sampled_from([{"enabled": True}, {"enabled": True, "traffic": "ALL"}]))
    return network


def existing_subnets(draw: Draw, base: str, zones: list[str]) -> list[Environment]:
    """Return a private and a public subnet of each zone, sixteenths of the block in an order of their own."""
    block = ipaddress.IPv4Network(base)
    parts = draw(st.permutations(list(block.subnets(prefixlen_diff=4))))
    kinds = [(zone, kind) for zone in zones for kind in ("private", "public")]
    made = {
        place: {"id": f"subnet-{number:017x}", "cidr": str(part)}
        for number, (place, part) in enumerate(zip(kinds, parts, strict=False))
    }
    for zone in zones:
        private = made[zone, "private"]
        first = ipaddress.IPv4Network(private["cidr"])[draw(st.integers(4, 30))]
        sometimes(draw, private, "membersFrom", st.just(str(first)))
    return [{"zone": zone, "private": made[zone, "private"], "public": made[zone, "public"]} for zone in zones]


def issuers() -> st.SearchStrategy[Environment]:
    """Return issuers of people's tokens."""
    roles = st.sampled_from(["cluster-admin", "admin", "edit", "view"])
    groups = st.dictionaries(st.sampled_from(["ops", "team/web", "Ädmins", "system:masters"]), roles, max_size=4)
    least = {"issuerUrl": st.just("https://login.example.com/realm"), "clientId": st.just("kubernetes")}
    return st.fixed_dictionaries({**least, "groupsClaim": st.just("groups"), "groups": groups})


@st.composite
def clusters(draw: Draw, account: str, region: str, partition: str) -> Environment:
    """Return clusters: pod network, API, control plane, add-ons, namespaces."""
    version = draw(st.sampled_from(["1.34.0", "1.36.4", "1.37.2"]))
    cluster: Environment = {"name": draw(cluster_names()), "kubernetesVersion": version}
    cni = draw(st.sampled_from(["cilium", "amazonVpc"]))
    cluster |= {"cni": cni, "networkPolicies": "enforced" if cni == "cilium" else "notEnforced"}
    cidrs = draw(some(SOURCES))
    if cidrs:
        # A public API has to have guests on the internet.
        accesses = ["internal"] if set(cidrs) == {"10.0.0.0/8"} else ["internal", "public"]
        cluster["api"] = {"access": draw(st.sampled_from(accesses)), "allowedCidrs": cidrs}
        sometimes(draw, cluster["api"], "hostedZone", st.just("Z0123456789ABCDEFGHIJ"))
        sometimes(draw, cluster["api"], "oidc", issuers())
    etcd = st.sampled_from([{"volumeSizeGi": 10}, {"volumeSizeGi": 500, "volumeType": "io2", "iops": 64000}])
    wrapping = st.sampled_from(["secretbox", "kmsReadable", "kms"])
    control_plane = {"etcd": etcd, "audit": AUDITS, "secretsEncryption": wrapping}
    sometimes(draw, cluster, "controlPlane", st.fixed_dictionaries(control_plane))
    pki = st.sampled_from([{"signing": 2, "trusted": [1, 2]}, {"signing": 1, "trusted": [1, 999, 7]}])
    sometimes(draw, cluster, "pki", pki)
    boundary = {"permissionsBoundary": f"arn:{partition}:iam::{account}:policy/boundary"}
    sometimes(draw, cluster, "iam", st.just(boundary))
    mirrors = {**MIRRORS, "quay.io": [f"https://{account}.dkr.ecr.{region}.{DNS_SUFFIXES[partition]}/v2/quay"]}
    chosen = some(list(mirrors)).map(lambda keys: {key: mirrors[key] for key in keys})
    sometimes(draw, cluster, "registryMirrors", chosen)
    sometimes(draw, cluster, "addons", addons(cni))
    cluster["namespaces"] = [{"name": name} for name in ("data", "web")]
    return cluster


AUDITS = st.sampled_from([{"profile": "request"}, {"maxFiles": 100, "maxAgeDays": 1}])


@st.composite
def addons(draw: Draw, cni: str) -> Environment:
    """Return switches of add-ons, none of them without effect."""
    if draw(st.integers(0, 5)) == 0:
        return {"managed": False}
    switches: Environment = {}
    for name in (
        "ebsCsi",
        "metricsServer",
        "nodeTerminationHandler",
        "clusterAutoscaler",
        "nodeProblemDetector",
        "kubeletCsrApprover",
    ):
        sometimes(draw, switches, name, st.fixed_dictionaries({"enabled": st.booleans()}))
    sometimes(draw, switches, "coreDns", st.fixed_dictionaries({"replicas": st.integers(2, 50)}))
    if cni == "cilium":
        sometimes(draw, switches, "cilium", st.just({"encryption": "wireguard"}))
    return switches


@st.composite
def workers(draw: Draw, name: str, network: Environment) -> Environment:
    """Return groups of workers."""
    architecture = draw(st.sampled_from(["amd64", "arm64"]))
    most = draw(st.integers(0, 10_000))
    group: Environment = {"name": name, "role": "Node", "architecture": architecture, "maxSize": most}
    group["minSize"] = draw(st.integers(0, most))
    if draw(st.booleans()):
        group["mixedInstancesPolicy"] = draw(mixed(architecture))
    else:
        sometimes(draw, group, "machineType", st.sampled_from(WORKER_TYPES[architecture]))
    if group.get("mixedInstancesPolicy", {}).get("onDemandAboveBase", 100) == 100:
        pools = st.sampled_from([{}, {"minSize": 1, "maxSize": 4, "state": "Hibernated"}, {"reuseOnScaleIn": True}])
        sometimes(draw, group, "warmPool", pools)
    for key, values in (
        ("zones", some(network["zones"], 1)),
        ("subnets", st.sampled_from(["public"] if network.get("nat") == "none" else ["public", "private"])),
        ("taints", some(TAINTS)),
        ("nodeLabels", some(list(LABELS)).map(lambda keys: {each: LABELS[each] for each in keys})),
        ("sysctls", some(list(SYSCTLS)).map(lambda keys: {each: SYSCTLS[each] for each in keys})),
        ("cloudLabels", st.just({"owner": "web", "Cost Centre": "4711 / a+b"})),
        ("rootVolume", st.sampled_from(ROOT_VOLUMES)),
        ("volumes", some(DATA_VOLUMES)),
        ("rollingUpdate", st.sampled_from(ROLLINGS)),
        ("maxInstanceLifetime", st.sampled_from(["1d", "365d"])),
        ("drainTimeout", st.sampled_from(["30s", "2h"])),
        ("renamedFrom", st.just(f"{name}-was")),
        ("retire", st.booleans()),
        ("suspendProcesses", some(("AZRebalance", "ReplaceUnhealthy"))),
        ("maxPods", st.integers(8, 250)),
        ("detailedInstanceMonitoring", st.booleans()),
    ):
        sometimes(draw, group, key, values)
    return group


@st.composite
def mixed(draw: Draw, architecture: str) -> Environment:
    """Return policies of mixed instances: named types, or types by attributes."""
    policy: Environment = {}
    if draw(st.booleans()):
        policy["instances"] = draw(some(WORKER_TYPES[architecture], 1))
        strategies = ["capacity-optimized-prioritized", "price-capacity-optimized", "lowest-price"]
    else:
        policy["instanceRequirements"] = {"cpu": {"min": 2, "max": 8}, "memoryMi": {"min": 4096}}
        sometimes(draw, policy["instanceRequirements"], "excludedInstanceTypes", st.just(["a1*", "*.metal"]))
        strategies = ["capacity-optimized", "lowest-price"]
    sometimes(draw, policy, "spotAllocationStrategy", st.sampled_from(strategies))
    if policy.get("spotAllocationStrategy") == "lowest-price":
        sometimes(draw, policy, "spotInstancePools", st.integers(1, 20))
    sometimes(draw, policy, "onDemandBase", st.integers(0, 5))
    sometimes(draw, policy, "onDemandAboveBase", st.integers(0, 100))
    return policy


@st.composite
def edges(draw: Draw, account: str, region: str, partition: str) -> Environment:
    """Return edges: routes by name, TCP ports, and a firewall in which no rule is idle."""
    hosts = draw(some(("shop.example.com", "*.apps.example.com", "admin.example.com", "a.b.c.example.com")))
    ports = draw(some((("postgres", 5432), ("mqtts", 8883), ("smtp", 25))))
    if not hosts and not ports:
        hosts = ["shop.example.com"]
    rules: list[Environment] = []
    for index, host in enumerate(hosts):
        web = draw(st.sampled_from([[443], [80, 443]]))
        source = draw(st.just(["anywhere"]) | some(SOURCES[:2], 1))
        rules.append({"name": f"host-{index}", "sources": source, "ports": web, "hosts": [host]})
    for name, _ in ports:
        rules.append({"name": f"port-{name}", "sources": draw(some(SOURCES, 1)), "ports": [name]})
    edge: Environment = {
        "firewall": rules,
        "routes": [
            {"name": f"route-{index}", "hosts": [host], "namespace": "web", "service": "web", "port": 8080}
            for index, host in enumerate(hosts)
        ],
        "tcpPorts": [{"name": n, "port": port, "namespace": "data", "service": n} for n, port in ports],
    }
    certificate = f"arn:{partition}:acm:{region}:{account}:certificate/00000000-0000-4000-8000-000000000000"
    edge["tls"] = draw(st.sampled_from([{"acm": certificate}, {"acme": {"solver": "dns01"}, "minVersion": "1.3"}]))
    if "acme" in edge["tls"] or draw(st.booleans()):
        edge["dns"] = {"zone": "example.com", "zoneId": "Z0123456789ABCDEFGHIJ"}
    for key in ("internal", "crossZone", "deletionProtection"):
        sometimes(draw, edge, key, st.booleans())
    return edge


def takes_all(group: Environment) -> bool:
    """Tell whether pods that tolerate nothing find a machine in the group."""
    return group["maxSize"] > 0 and all(taint.endswith(":PreferNoSchedule") for taint in group.get("taints", ()))


@st.composite
def environments(draw: Draw) -> Environment:
    """Return valid environments of every shape the spec has, workloads and backends aside."""
    region, account = draw(st.sampled_from(REGIONS)), "111122223333"
    partition = {"us-gov-west-1": "aws-us-gov", "cn-north-1": "aws-cn"}.get(region, "aws")
    network, cluster = draw(networks(region)), draw(clusters(account, region, partition))
    members = draw(st.sampled_from([1, 3, 5]))
    groups: list[Environment] = [
        {"name": f"cp-{letter}", "role": "ControlPlane", "zones": [draw(st.sampled_from(network["zones"]))]}
        for letter in "abcde"[:members]
    ]
    room = LONGEST_GROUP_ROLE - 1 - len(cluster["name"])
    for index in range(draw(st.integers(0, 3))):
        name = f"nodes-{index}"
        # Its former name, four characters longer, must fit as well.
        groups.append(draw(workers(name + "x" * draw(st.sampled_from([0, min(63, room) - len(name) - 4])), network)))
    if draw(st.booleans()):
        groups.append({"name": "edge", "role": "Edge", "minSize": 2, "maxSize": 4})
    if partition != "aws":
        # Debian publishes no images there that could be a default.
        for group in groups:
            group["image"] = IMAGES[group.get("architecture", "amd64")]
    environment: Environment = {
        "accountId": account,
        "region": region,
        "state": {"bucket": draw(st.sampled_from(["acme-slipway", "a" * 56]))},
        "network": network,
        "cluster": cluster,
        "instanceGroups": groups,
    }
    sometimes(draw, environment, "tags", st.just({f"tag-{n}": "v" * 256 for n in range(8)}))
    sometimes(draw, environment, "registry", st.just({"services": ["shop"], "pulledFrom": ["222233334444"]}))
    if groups[-1]["role"] == "Edge":
        sometimes(draw, environment, "edge", edges(account, region, partition))
    storage = cluster.get("addons", {}).get("ebsCsi", {})
    has_volumes = storage.get("enabled", True) and storage.get("defaultStorageClass", True)
    nodes = [group for group in groups if group["role"] == "Node"]
    if not has_volumes or (nodes and not any(takes_all(group) for group in nodes)):
        # Its store asks for volumes of the default class, and for a machine that no taint keeps it from.
        environment["monitoring"] = {"enabled": False}
    return environment
