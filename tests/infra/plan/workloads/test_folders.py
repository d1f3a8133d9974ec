"""Files and folders of a workload's pods."""

from __future__ import annotations

from typing import Any

from infra.plan.workloads.workload import plan_workloads
from tests.infra.workload_samples import IMAGE, environment

NGINX = "/etc/nginx/nginx.conf"


def pod(**written: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, str]]]:
    """Return mounts, volumes, and the data of ConfigMaps."""
    (plan,) = plan_workloads(environment({"web": {"image": IMAGE, "scratch": [], **written}}))
    body = plan.controller.body["spec"]["template"]["spec"]
    maps = [each.body["data"] for each in plan.objects if each.kind == "ConfigMap"]
    return body["containers"][0].get("volumeMounts", []), body.get("volumes", []), maps


def test_a_file_with_a_place_of_its_own_is_mounted_there_alone() -> None:
    mounts, (volume,), data = pod(config={NGINX: "user nginx;"})
    key = "etc..nginx..nginx.conf"
    assert data == [{key: "user nginx;"}]
    assert mounts == [{"name": "config-files", "mountPath": NGINX, "subPath": key, "readOnly": True}]
    assert volume["name"] == "config-files"
    assert volume["configMap"]["name"].startswith("web-config-")


def test_beside_files_that_have_names_alone_it_does_not_stand_among_them() -> None:
    mounts, volumes, (data,) = pod(config={NGINX: "a", "app.yaml": "b"})
    assert data == {"etc..nginx..nginx.conf": "a", "app.yaml": "b"}
    assert [each["mountPath"] for each in mounts] == ["/etc/config", NGINX]
    named, placed = volumes
    assert named["configMap"] == {
        "name": placed["configMap"]["name"],
        "items": [{"key": "app.yaml", "path": "app.yaml"}],
    }


def test_other_contents_of_it_are_another_object() -> None:
    names = {pod(config={NGINX: text})[1][0]["configMap"]["name"] for text in ("a", "b")}
    assert len(names) == 2


def test_a_claim_can_be_mounted_by_a_folder_of_it() -> None:
    claim = {"name": "data", "path": "/var/lib/postgresql/data", "sizeGi": 5, "subPath": "pgdata"}
    mounts, _, _ = pod(kind="StatefulSet", claims=[claim])
    assert mounts == [{"name": "data", "mountPath": "/var/lib/postgresql/data", "subPath": "pgdata"}]
