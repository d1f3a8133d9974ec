from __future__ import annotations

import yaml

from infra.plan.control_plane.files import audit_policy

SECRETIVE = {
    "secrets",
    "configmaps",
    "serviceaccounts/token",
    "pods/exec",
    "pods/attach",
    "pods/portforward",
    "pods/proxy",
}


def test_bodies_are_kept_by_the_same_policy_with_two_rules_more() -> None:
    metadata, request = (yaml.safe_load(audit_policy(profile)) for profile in ("metadata", "request"))
    *before, rest = metadata["rules"]
    assert request["rules"][: len(before)] == before
    secretive, bodies, last = request["rules"][len(before) :]
    assert (secretive["level"], bodies["level"], last) == ("Metadata", "Request", rest)
    assert set(secretive["resources"][0]["resources"]) == SECRETIVE
    assert bodies["verbs"] == ["create", "update", "patch", "delete", "deletecollection"]
    assert {key: request[key] for key in request if key != "rules"} == {
        key: metadata[key] for key in metadata if key != "rules"
    }
