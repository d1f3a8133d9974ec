"""Who may do what in the cluster before anybody is let in: machines that join, and administrators."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from infra.plan.cluster_access import BindingPlan, ClusterAccessPlan


class ClusterAccess(pulumi.ComponentResource):
    """Maps a :class:`ClusterAccessPlan` to cluster role bindings, and the join token to its Secret.

    Args:
        name: logical name.
        plan: the bindings.
        token_id: public half of the bootstrap token.
        token_secret: its other half.
        opts: as for any component; with the cluster's provider.
    """

    def __init__(
        self,
        name: str,
        plan: ClusterAccessPlan,
        *,
        token_id: pulumi.Output[str],
        token_secret: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:index:ClusterAccess", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        for binding in plan.bindings:
            self._bind(binding)
        k8s.core.v1.Secret(
            "join-token",
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=pulumi.Output.concat("bootstrap-token-", token_id), namespace="kube-system", labels=plan.labels
            ),
            type="bootstrap.kubernetes.io/token",
            string_data={
                "token-id": token_id,
                "token-secret": token_secret,
                "description": "Machines of this cluster ask for their identity with it.",
                "usage-bootstrap-authentication": "true",
                "auth-extra-groups": plan.bootstrappers,
            },
            opts=self._child,
        )
        self.register_outputs({})

    def _bind(self, plan: BindingPlan) -> None:
        k8s.rbac.v1.ClusterRoleBinding(
            plan.name,
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=plan.name, labels=plan.labels, annotations={"slipway/why": plan.why}
            ),
            role_ref=k8s.rbac.v1.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="ClusterRole", name=plan.role),
            subjects=[
                k8s.rbac.v1.SubjectArgs(api_group="rbac.authorization.k8s.io", kind=plan.kind, name=plan.subject)
            ],
            opts=self._child,
        )
