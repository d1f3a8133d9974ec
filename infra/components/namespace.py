"""A namespace with its guards: pod security, default-deny traffic, default limits, quota."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from infra.plan.namespaces import DNS_NAMESPACE, NamespacePlan


class Namespace(pulumi.ComponentResource):
    """Maps a :class:`NamespacePlan` to a Namespace, NetworkPolicies, a LimitRange and, where limited, a ResourceQuota.

    Deleting a namespace deletes all that is in it, so the Namespace object is protected.
    """

    def __init__(self, name: str, plan: NamespacePlan, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:index:Namespace", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        namespace = k8s.core.v1.Namespace(
            name,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=plan.name, labels=plan.labels),
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(protect=True)),
        )
        self.name: pulumi.Output[str] = namespace.metadata.name
        self._network_policies(name)
        self._limits(name, plan)
        self.register_outputs({"name": self.name})

    def _meta(self, name: str) -> k8s.meta.v1.ObjectMetaArgs:
        return k8s.meta.v1.ObjectMetaArgs(
            name=name, namespace=self.name, labels={"app.kubernetes.io/managed-by": "slipway"}
        )

    def _network_policies(self, name: str) -> None:
        k8s.networking.v1.NetworkPolicy(
            f"{name}-default-deny",
            metadata=self._meta("default-deny"),
            spec=k8s.networking.v1.NetworkPolicySpecArgs(
                pod_selector=k8s.meta.v1.LabelSelectorArgs(), policy_types=["Ingress", "Egress"]
            ),
            opts=self._child,
        )
        dns = k8s.networking.v1.NetworkPolicyPeerArgs(
            namespace_selector=k8s.meta.v1.LabelSelectorArgs(
                match_labels={"kubernetes.io/metadata.name": DNS_NAMESPACE}
            )
        )
        k8s.networking.v1.NetworkPolicy(
            f"{name}-allow-dns",
            metadata=self._meta("allow-dns"),
            spec=k8s.networking.v1.NetworkPolicySpecArgs(
                pod_selector=k8s.meta.v1.LabelSelectorArgs(),
                policy_types=["Egress"],
                egress=[
                    k8s.networking.v1.NetworkPolicyEgressRuleArgs(
                        to=[dns],
                        ports=[
                            k8s.networking.v1.NetworkPolicyPortArgs(port=53, protocol=protocol)
                            for protocol in ("UDP", "TCP")
                        ],
                    )
                ],
            ),
            opts=self._child,
        )

    def _limits(self, name: str, plan: NamespacePlan) -> None:
        k8s.core.v1.LimitRange(
            f"{name}-defaults",
            metadata=self._meta("defaults"),
            spec=k8s.core.v1.LimitRangeSpecArgs(
                limits=[
                    k8s.core.v1.LimitRangeItemArgs(
                        type="Container", default=plan.default_limits, default_request=plan.default_requests
                    )
                ]
            ),
            opts=self._child,
        )
        if plan.quota:
            k8s.core.v1.ResourceQuota(
                f"{name}-quota",
                metadata=self._meta("quota"),
                spec=k8s.core.v1.ResourceQuotaSpecArgs(hard=plan.quota),
                opts=self._child,
            )
