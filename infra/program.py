"""Wiring: the spec of the stack becomes its plan, and each part of the plan its component."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.components.api_endpoint import ApiEndpoint
from infra.components.cluster_pki import ClusterPki
from infra.components.cluster_records import ClusterRecords
from infra.components.control_plane_member import ControlPlaneMember
from infra.components.edge_router import EdgeRouter
from infra.components.images import resolve_images
from infra.components.instance_group import InstanceGroup
from infra.components.join_token import JoinToken
from infra.components.network import Network
from infra.components.recorded_environment import recorded_environment, running_members
from infra.components.registry import Registry
from infra.components.sdk import drop_debug_messages, imported_meanwhile
from infra.components.security_groups import SecurityGroups
from infra.components.service_account_issuer import ServiceAccountIssuer
from infra.components.service_account_role import ServiceAccountRole
from infra.components.state_bucket import StateBucket
from infra.components.termination_queue import TerminationQueue
from infra.in_cluster import Cluster, declare_in_cluster
from infra.plan.addons.identity import role_of
from infra.plan.addons.placement import API_HOST
from infra.plan.addons.scaling import QUEUE_URL
from infra.plan.control_plane.encryption import refuse_unread, wraps_anew
from infra.plan.edge import EdgePlan
from infra.plan.environment import EnvironmentPlan, plan_environment
from infra.plan.images import FoundImage
from infra.plan.instance_group import InstanceGroupPlan
from infra.plan.join import certificate_user, operators_kubeconfig, token_period
from infra.plan.kept import refuse_what_cannot_follow
from infra.plan.state_layout import config_key, running_key, running_prefix
from infra.plan.upgrade import refuse_unsupported_jump
from infra.spec import CONFIG_KEY, EnvironmentSpec, SpecError
from infra.spec.load import whole_environment
from infra.spec.secret_config import Setting
from infra.spec.workloads.load import APPS


def run() -> None:
    """Declare the environment of the current stack.

    Raises:
        pulumi.RunError: the stack's configuration cannot be used; nothing has been created.
    """
    drop_debug_messages(os.environ)
    try:
        declare(read(pulumi.get_stack()))
    except SpecError as error:
        raise pulumi.RunError(str(error)) from None


def read(stack: str) -> EnvironmentSpec:
    """Return the stack's environment with its workloads, whole and right before anything is declared.

    What is declared is made, whatever the program finds missing after it.

    Raises:
        SpecError: with every problem.
    """
    project, _, key = CONFIG_KEY.partition(":")
    source = f"Pulumi.{stack}.yaml"
    apps = Path(pulumi.runtime.get_root_directory()) / APPS
    return whole_environment(pulumi.Config(project).get_object(key), stack, apps, _setting, source=source)


def _setting(key: str) -> Setting:
    project = CONFIG_KEY.partition(":")[0]
    if pulumi.Config(project).get_secret(key) is None:
        return "missing"
    return "secret" if pulumi.runtime.is_config_secret(f"{project}:{key}") else "plain"


@dataclass(frozen=True)
class Foundation:
    """What an environment stands on: its bucket, its network, who may reach whom."""

    state: StateBucket
    network: Network
    security: SecurityGroups
    opts: pulumi.ResourceOptions
    """Options of AWS resources."""

    @property
    def subnets(self) -> Mapping[str, Mapping[str, pulumi.Input[str]]]:
        """Kind of subnet -> zone -> ID."""
        return {"private": self.network.private_subnet_ids, "public": self.network.public_subnet_ids}


@dataclass(frozen=True)
class ControlPlane:
    """What control planes are made of, machines aside."""

    pki: ClusterPki
    issuer: ServiceAccountIssuer
    api: ApiEndpoint
    token: JoinToken
    records: ClusterRecords
    members: Mapping[str, ControlPlaneMember]
    """By the identity of the instance group."""

    def needed_by(self, identity: str) -> list[pulumi.Resource]:
        """Return what must exist before machines of a group start, so that the first boot finds it."""
        needed = [*self.records.read_by[identity]]
        if identity in self.members:
            needed += [*self.pki.objects, *self.api.ready, *self.members[identity].resources]
        return needed


def declare(spec: EnvironmentSpec) -> None:
    """Declare every resource of the environment.

    Raises:
        SpecError: the environment cannot be planned, cannot follow on what the last update declared, or names an image
            that is not there; nothing has been registered.
    """
    plan = plan_environment(spec)
    provider = aws.Provider("aws", region=spec.region, allowed_account_ids=[spec.account_id])
    with imported_meanwhile():  # the first call waits until the plugin has started
        recorded = recorded_environment(spec.state.bucket, config_key(spec), provider)
    if recorded is not None:
        refuse_what_cannot_follow(spec, recorded)
        _refuse_what_members_cannot(plan, recorded["cluster"], provider)
    images = resolve_images(plan.images, opts=pulumi.InvokeOptions(provider=provider))
    opts = pulumi.ResourceOptions(provider=provider)

    state = StateBucket("state", plan.state_bucket, opts=opts)
    network = Network("network", plan.network, opts=opts)
    security = SecurityGroups("security", plan.security, vpc_id=network.vpc_id, opts=opts)
    queue = TerminationQueue("termination", plan.termination, opts=opts)
    if plan.registry is not None:
        pulumi.export("imageRepositories", Registry("registry", plan.registry, opts=opts).urls)
    foundation = Foundation(state, network, security, opts)
    control_plane = _control_plane(plan, foundation)
    edge = _edge(plan.edge, foundation) if plan.edge else None
    groups = _instance_groups(plan, images, foundation, control_plane, edge)
    declare_in_cluster(
        plan,
        Cluster(
            kubeconfig=_kubeconfig(spec, control_plane),
            issuer_arn=control_plane.issuer.arn,
            token_id=control_plane.token.identifier,
            token_secret=control_plane.token.secret,
            values=_told_to_addons(plan, control_plane, queue, opts),
            aws=opts,
            whole=network.vpc or security.groups["ControlPlane"],
            machines=list(groups.values()),
            after=[groups[group.name] for group in plan.groups if group.identity in control_plane.members],
        ),
    )

    pulumi.export("clusterName", spec.cluster.name)
    pulumi.export("apiServer", control_plane.api.address.apply(lambda address: address.operators_server))
    pulumi.export("serviceAccountIssuer", plan.issuer.url)
    pulumi.export("stateBucket", state.bucket)
    pulumi.export("vpcId", network.vpc_id)
    pulumi.export("privateSubnetIds", dict(network.private_subnet_ids))
    pulumi.export("publicSubnetIds", dict(network.public_subnet_ids))
    pulumi.export("terminationQueueUrl", queue.queue_url)
    pulumi.export("instanceGroups", {name: group.autoscaling_group_name for name, group in groups.items()})
    if edge is not None:
        pulumi.export("edgeDnsName", edge.dns_name)


def _refuse_what_members_cannot(plan: EnvironmentPlan, recorded: Mapping[str, Any], provider: aws.Provider) -> None:
    spec, names = plan.spec, [member.name for member in plan.members]
    last = str(recorded["kubernetesVersion"])
    another_version, begins_to_wrap = last != spec.cluster.kubernetes_version, wraps_anew(spec, recorded)
    if not another_version and not begins_to_wrap:
        return
    keys = [(name, running_key(spec, name)) for name in names]
    noted = running_members(spec.state.bucket, keys, running_prefix(spec), provider)
    if another_version:
        # A member that never said what it runs is taken for one that followed the last update.
        versions = {name: noted[name].version if name in noted else last for name in names}
        refuse_unsupported_jump(spec, versions)
    if begins_to_wrap:
        refuse_unread(spec, {name: noted[name].encryption if name in noted else None for name in names})


def _control_plane(plan: EnvironmentPlan, foundation: Foundation) -> ControlPlane:
    opts, bucket, security = foundation.opts, foundation.state.bucket, foundation.security
    pki = ClusterPki("pki", plan.pki, bucket=bucket, opts=opts)
    issuer = ServiceAccountIssuer("issuer", plan.issuer, public_keys=pki.service_account_keys, opts=opts)
    api = ApiEndpoint(
        "api",
        plan.api,
        vpc_id=foundation.network.vpc_id,
        subnet_ids={**foundation.subnets, "private": foundation.network.inner_subnet_ids},
        security_group_ids=security.ids,
        opts=opts,
    )
    token = JoinToken("join", token_period(datetime.now(UTC)))
    records = ClusterRecords(
        "records",
        plan.records,
        bucket=bucket,
        address=api.address,
        authority=pki.authority_bundle,
        token=token.token,
        opts=opts,
    )
    members = {
        member.name: ControlPlaneMember(
            member.name,
            member,
            subnet_ids=foundation.subnets,
            security_group_id=security.ids["ControlPlane"],
            opts=opts,
        )
        for member in plan.members
    }
    return ControlPlane(pki, issuer, api, token, records, members)


def _edge(plan: EdgePlan, foundation: Foundation) -> EdgeRouter:
    network = foundation.network
    # A load balancer with public addresses is refused until the internet gateway is attached.
    opts = pulumi.ResourceOptions.merge(foundation.opts, pulumi.ResourceOptions(depends_on=[network]))
    return EdgeRouter(
        "edge",
        plan.balancer,
        vpc_id=network.vpc_id,
        subnet_ids=foundation.subnets,
        machines_group_id=foundation.security.ids["Edge"],
        opts=opts,
    )


def _instance_groups(
    plan: EnvironmentPlan,
    images: Mapping[str, FoundImage],
    foundation: Foundation,
    control_plane: ControlPlane,
    edge: EdgeRouter | None,
) -> Mapping[str, InstanceGroup]:
    security = foundation.security

    def targets(group: InstanceGroupPlan) -> Sequence[pulumi.Output[str]]:
        if group.identity in control_plane.members:
            return control_plane.api.target_group_arns
        return edge.target_group_arns if edge is not None and group.role == "Edge" else ()

    return {
        group.name: InstanceGroup(
            group.identity,
            group,
            image=images[group.launch_template.image],
            subnet_ids=foundation.subnets,
            security_group_id=security.ids[group.role],
            state_key_arn=foundation.state.key_arn,
            target_group_arns=targets(group),
            after=[security.ways_out[group.role], *control_plane.needed_by(group.identity)],
            opts=foundation.opts,
        )
        for group in plan.groups
    }


def _kubeconfig(spec: EnvironmentSpec, control_plane: ControlPlane) -> pulumi.Output[str]:
    pki = control_plane.pki
    known = pulumi.Output.all(control_plane.api.address, pki.authority_bundle, pki.admin_certificate, pki.admin_key)
    return pulumi.Output.secret(
        known.apply(lambda it: operators_kubeconfig(spec, it[0], it[1], certificate_user(it[2], it[3])))
    )


def _told_to_addons(
    plan: EnvironmentPlan, control_plane: ControlPlane, queue: TerminationQueue, opts: pulumi.ResourceOptions
) -> dict[str, pulumi.Input[str]]:
    """Return what add-ons are told of AWS, by the name of the plan's :class:`Later`."""
    roles = {
        role.name: ServiceAccountRole(role.name, role, issuer_arn=control_plane.issuer.arn, opts=opts)
        for role in plan.addon_roles
    }
    return {
        API_HOST.name: control_plane.api.internal,
        QUEUE_URL.name: queue.queue_url,
        **{role_of(addon).name: role.role_arn for addon, role in roles.items()},
    }
