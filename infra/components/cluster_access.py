"""Who may do what in the cluster before anybody is let in: machines that join, and administrators."""

from __future__ import annotations

import pulumi

from infra.components.kubernetes_object import KubernetesObject
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
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": pulumi.Output.concat("bootstrap-token-", token_id),
                "namespace": "kube-system",
                "labels": dict(plan.labels),
            },
            "type": "bootstrap.kubernetes.io/token",
            "stringData": {
                "token-id": token_id,
                "token-secret": token_secret,
                "description": "Machines of this cluster ask for their identity with it.",
                "usage-bootstrap-authentication": "true",
                "auth-extra-groups": plan.bootstrappers,
            },
        }
        KubernetesObject("join-token", secret, self._child)
        self.register_outputs({})

    def _bind(self, plan: BindingPlan) -> None:
        group = "rbac.authorization.k8s.io"
        binding = {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": plan.name, "labels": dict(plan.labels), "annotations": {"slipway/why": plan.why}},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": plan.role},
            "subjects": [{"apiGroup": group, "kind": plan.kind, "name": each} for each in plan.subjects],
        }
        KubernetesObject(plan.name, binding, self._child)
