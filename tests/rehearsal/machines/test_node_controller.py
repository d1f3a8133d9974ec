from __future__ import annotations

from rehearsal.machines.node_controller import PROXY_BINDING, granted


def test_machines_may_read_pods_and_policies_only_where_they_keep_them() -> None:
    assert granted(policies=False) == (PROXY_BINDING,)
    proxy, role, binding = granted(policies=True)
    assert proxy == PROXY_BINDING
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"list", "watch"}
    assert {what for rule in role["rules"] for what in rule["resources"]} == {"pods", "namespaces", "networkpolicies"}
    assert (binding["kind"], binding["roleRef"]["kind"]) == ("ClusterRoleBinding", "ClusterRole")
    assert role["metadata"]["name"] == binding["roleRef"]["name"] == binding["metadata"]["name"]
    assert [(each["kind"], each["name"]) for each in binding["subjects"]] == [("Group", "system:nodes")]
