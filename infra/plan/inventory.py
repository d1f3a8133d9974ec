"""How many resources an environment has: the number a reader should see in a first preview."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from infra.plan.cluster_access import ClusterAccessPlan
from infra.plan.control_plane.endpoints import ApiEndpointPlan
from infra.plan.control_plane.pki import AUTHORITIES, PkiPlan
from infra.plan.edge import EdgePlan
from infra.plan.environment import EnvironmentPlan
from infra.plan.namespaces import NamespacePlan
from infra.plan.network import NetworkPlan
from infra.plan.observability.credentials import CERTIFICATES, PASSWORDS
from infra.plan.observability.logging import LoggingPlan
from infra.plan.observability.monitoring import MonitoringPlan
from infra.plan.registry import RegistryPlan
from infra.plan.workloads.workload import WorkloadPlan

STATE_BUCKET_TYPES = (
    "aws:kms/key:Key",
    "aws:kms/alias:Alias",
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketPolicy:BucketPolicy",
)
"""What the program adopts instead of creating it."""

GROUP_TYPES = (
    "slipway:index:InstanceGroup",
    "aws:iam/role:Role",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/instanceProfile:InstanceProfile",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:autoscaling/group:Group",
    "aws:autoscaling/lifecycleHook:LifecycleHook",
)
"""What every instance group is made of, one of each."""


def inventory(plan: EnvironmentPlan) -> Mapping[str, int]:
    """Return type token -> number of resources, components, providers and the stack itself included."""
    total: Counter[str] = Counter({"pulumi:pulumi:Stack": 1, "pulumi:providers:aws": 1})
    total.update(Counter({"slipway:index:StateBucket": 1, **dict.fromkeys(STATE_BUCKET_TYPES, 1)}))
    total.update(_network(plan.network))
    total.update(
        {
            "slipway:index:SecurityGroups": 1,
            "aws:ec2/securityGroup:SecurityGroup": len(plan.security.groups),
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": sum(
                rule.direction == "ingress" for rule in plan.security.rules
            ),
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": sum(
                rule.direction == "egress" for rule in plan.security.rules
            ),
            "slipway:index:TerminationQueue": 1,
            "aws:sqs/queue:Queue": 1,
            "aws:cloudwatch/eventRule:EventRule": len(plan.termination.rules),
            "aws:cloudwatch/eventTarget:EventTarget": len(plan.termination.rules),
        }
    )
    total.update(dict.fromkeys(GROUP_TYPES, len(plan.groups)))
    for part in (_pki(plan.pki), _ISSUER, _api(plan.api), _members(plan), _access(plan.access), _records(plan)):
        total.update(part)
    for token in ("slipway:index:ServiceAccountRole", "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"):
        total[token] += len(plan.addon_roles)
    total["pulumi:providers:kubernetes"] = 1
    for namespace in plan.namespaces:
        total.update(_namespace(namespace))
    for addon in plan.addons:
        total.update({"slipway:index:Manifests": 1})
        total.update(manifest.token for manifest in addon.objects)
    if plan.registry is not None:
        total.update(_registry(plan.registry))
    for backend in plan.backends:
        total.update({"slipway:index:ServiceBackend": 1})
        total.update(planned.token for planned in backend.objects)
    for workload in plan.workloads:
        total.update(_workload(workload))
    if plan.edge:
        total.update(_edge(plan.edge))
    if plan.logging:
        total.update(_logging(plan.logging))
    if plan.monitoring:
        total.update(_monitoring(plan.monitoring))
    return {token: count for token, count in sorted(total.items()) if count}


_ISSUER = {
    "slipway:index:ServiceAccountIssuer": 1,
    "aws:s3/bucket:Bucket": 1,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": 1,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": 1,
    "aws:s3/bucketPolicy:BucketPolicy": 1,
    "aws:s3/bucketObjectv2:BucketObjectv2": 2,
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": 1,
}


def _pki(plan: PkiPlan) -> dict[str, int]:
    generations = len(plan.trusted)
    return {
        "slipway:index:ClusterPki": 1,
        # Of each generation a key for each authority and one for service accounts; and the administrator's.
        "tls:index/privateKey:PrivateKey": (len(AUTHORITIES) + 1) * generations + 1,
        "tls:index/selfSignedCert:SelfSignedCert": len(AUTHORITIES) * generations,
        "tls:index/certRequest:CertRequest": 1,
        "tls:index/locallySignedCert:LocallySignedCert": 1,
        "random:index/randomBytes:RandomBytes": generations,
        # Certificate and key of each authority, the signing certificate alone, service accounts' pair, encryption.
        "aws:s3/bucketObjectv2:BucketObjectv2": 2 * len(AUTHORITIES) + 1 + 2 + 1,
    }


def _api(plan: ApiEndpointPlan) -> dict[str, int]:
    balancers = len(plan.balancers)
    return {
        "slipway:index:ApiEndpoint": 1,
        "aws:lb/loadBalancer:LoadBalancer": balancers,
        "aws:lb/targetGroup:TargetGroup": balancers,
        "aws:lb/listener:Listener": balancers,
        "aws:ec2/securityGroup:SecurityGroup": balancers,
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": balancers,
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": sum(
            1 + len(balancer.sources) for balancer in plan.balancers
        ),
        "aws:route53/record:Record": sum(balancer.record is not None for balancer in plan.balancers),
    }


def _members(plan: EnvironmentPlan) -> dict[str, int]:
    return {
        token: len(plan.members)
        for token in (
            "slipway:index:ControlPlaneMember",
            "aws:ec2/networkInterface:NetworkInterface",
            "aws:ebs/volume:Volume",
        )
    }


def _access(plan: ClusterAccessPlan) -> dict[str, int]:
    return {
        "slipway:index:JoinToken": 1,
        "random:index/randomString:RandomString": 1,
        "random:index/randomPassword:RandomPassword": 1,
        "slipway:index:ClusterAccess": 1,
        "kubernetes:core/v1:Secret": 1,
        "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": len(plan.bindings),
    }


def _records(plan: EnvironmentPlan) -> dict[str, int]:
    return {
        "slipway:index:ClusterRecords": 1,
        "aws:s3/bucketObjectv2:BucketObjectv2": len(plan.records.records) + len(plan.records.joins),
    }


def _registry(plan: RegistryPlan) -> dict[str, int]:
    repositories = len(plan.repositories)
    return {
        "slipway:index:Registry": 1,
        "aws:kms/key:Key": 1,
        "aws:kms/alias:Alias": 1,
        "aws:ecr/repository:Repository": repositories,
        "aws:ecr/lifecyclePolicy:LifecyclePolicy": repositories,
        "aws:ecr/repositoryPolicy:RepositoryPolicy": sum(each.access_policy is not None for each in plan.repositories),
    }


def _workload(plan: WorkloadPlan) -> Counter[str]:
    total = Counter({f"slipway:index:{plan.kind}": 1})
    total.update(planned.token for planned in plan.objects)
    if plan.role is not None:
        total.update(
            dict.fromkeys(("slipway:index:ServiceAccountRole", "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"), 1)
        )
    if plan.secret is not None:
        generated = sum(entry.generate is not None for entry in plan.secret.entries)
        total.update({"kubernetes:core/v1:Secret": 1, "random:index/randomPassword:RandomPassword": generated})
    return total


def _network(plan: NetworkPlan) -> Counter[str]:
    logs = int(plan.flow_logs is not None)
    total = Counter(
        {
            "slipway:index:Network": 1,
            "aws:cloudwatch/logGroup:LogGroup": logs,
            "aws:iam/role:Role": logs,
            "aws:iam/rolePolicy:RolePolicy": logs,
            "aws:ec2/flowLog:FlowLog": logs,
        }
    )
    if plan.existing_vpc_id is None:
        total.update(
            {
                "aws:ec2/vpc:Vpc": 1,
                "aws:ec2/vpcDhcpOptions:VpcDhcpOptions": 1,
                "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation": 1,
                "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": 1,
                "aws:ec2/internetGateway:InternetGateway": 1,
            }
        )
    total.update(_existing_subnets(plan) if plan.existing_subnets else _subnets(plan))
    return total


def _existing_subnets(plan: NetworkPlan) -> dict[str, int]:
    subnets = (each for zone in plan.zones for each in zone.subnets)
    return {"aws:ec2/tag:Tag": sum(len(each.tags) + len(each.shared_tags) for each in subnets)}


def _subnets(plan: NetworkPlan) -> dict[str, int]:
    zones, nat = len(plan.zones), len(plan.nat_gateways)
    return {
        "aws:ec2/vpcEndpoint:VpcEndpoint": 1,
        "aws:ec2/subnet:Subnet": 2 * zones,
        "aws:ec2/routeTable:RouteTable": 1 + zones,
        "aws:ec2/routeTableAssociation:RouteTableAssociation": 2 * zones,
        "aws:ec2/route:Route": 1 + sum(zone.nat_zone is not None for zone in plan.zones),
        "aws:ec2/eip:Eip": sum(each.existing_address is None for each in plan.nat_gateways),
        "aws:ec2/natGateway:NatGateway": nat,
    }


def _namespace(plan: NamespacePlan) -> dict[str, int]:
    return {
        "slipway:index:Namespace": 1,
        "kubernetes:core/v1:Namespace": 1,
        "kubernetes:networking.k8s.io/v1:NetworkPolicy": 2,
        "kubernetes:core/v1:LimitRange": 1,
        "kubernetes:core/v1:ResourceQuota": int(bool(plan.quota)),
    }


def _logging(plan: LoggingPlan) -> Counter[str]:
    total = Counter({"slipway:index:Manifests": len(plan.in_cluster)})
    total.update(manifest.token for part in plan.in_cluster for manifest in part.objects)
    if plan.groups:
        total.update({"slipway:index:LogGroups": 1, "aws:cloudwatch/logGroup:LogGroup": len(plan.groups)})
    if plan.own_store:
        signed = len(CERTIFICATES)
        total.update(
            {
                "slipway:index:LogStoreKeys": 1,
                "tls:index/privateKey:PrivateKey": 1 + signed,
                "tls:index/selfSignedCert:SelfSignedCert": 1,
                "tls:index/certRequest:CertRequest": signed,
                "tls:index/locallySignedCert:LocallySignedCert": signed,
                "random:index/randomPassword:RandomPassword": len(PASSWORDS),
            }
        )
    return total


def _monitoring(plan: MonitoringPlan) -> Counter[str]:
    total = Counter({"slipway:index:Manifests": len(plan.in_cluster)})
    total.update(manifest.token for part in plan.in_cluster for manifest in part.objects)
    if plan.password:
        total.update({"slipway:index:GrafanaPassword": 1, "random:index/randomPassword:RandomPassword": 1})
    return total


def _edge(plan: EdgePlan) -> Counter[str]:
    balancer = plan.balancer
    ingress = sum(rule.direction == "ingress" for rule in balancer.rules)
    total = Counter(
        {
            "slipway:index:EdgeRouter": 1,
            "aws:ec2/securityGroup:SecurityGroup": 1,
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ingress,
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": len(balancer.rules) - ingress,
            "aws:lb/loadBalancer:LoadBalancer": 1,
            "aws:lb/targetGroup:TargetGroup": len(balancer.target_groups),
            "aws:lb/listener:Listener": len(balancer.listeners),
            "aws:route53/record:Record": len(balancer.records),
            "slipway:index:Manifests": len(plan.in_cluster),
        }
    )
    total.update(manifest.token for part in plan.in_cluster for manifest in part.objects)
    return total
