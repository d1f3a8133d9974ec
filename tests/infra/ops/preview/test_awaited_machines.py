from __future__ import annotations

import json
from typing import Any

import pytest

from tests.infra.ops.preview.made import GROUP, encoded, group, report_of, step

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
POOL = {"example.com/pool": "general"}


def template(**labels: str) -> dict[str, Any]:
    written = ",".join(f"example.com/{key}={value}" for key, value in labels.items())
    files = [{"path": "/etc/slipway/node.env", "content": f"KUBELET_ARCH=amd64\nNODE_LABELS={written}\n"}]
    return {"userData": encoded("#cloud-config\n" + json.dumps({"write_files": files}))}


BARE, LABELLED = template(), template(pool="general")


def web(selector: dict[str, str], image: str = "a", **annotations: str) -> dict[str, Any]:
    pod = {"nodeSelector": selector, "containers": [{"name": "web", "image": image}]}
    metadata = {"namespace": "shop", "name": "web", "annotations": annotations}
    return {"metadata": metadata, "spec": {"replicas": 2, "template": {"spec": pod}}}


def told(*events: dict[str, Any]) -> list[str]:
    return [each for each in report_of(*events).sentences if each.startswith("New pods of")]


def labels_come(count: int = 2) -> list[dict[str, Any]]:
    return group("workers", "Node", op="update", count=count, template=(BARE, LABELLED))


SENTENCE = (
    "New pods of Deployment shop/web wait{} for machines that start after the update, by `slipway roll` or an "
    "autoscaler: none that runs in workers has example.com/pool=general. Better give a group its labels in an "
    "update of their own, and roll it, before pods ask for them."
)


@pytest.mark.parametrize(
    ("op", "old", "new", "too"),
    [
        ("update", web({}), web(POOL), ", and the update with them,"),
        ("create", None, web(POOL), ", and the update with them,"),
        ("update", web(POOL), web(POOL, "b"), ", and the update with them,"),
        ("update", web({}), web(POOL, **{"pulumi.com/skipAwait": "true"}), ""),
        # What no group of ours says is not judged: the kubelet and controllers write labels, too.
        ("update", web({}), web({"kubernetes.io/arch": "amd64", **POOL}), ", and the update with them,"),
    ],
)
def test_pods_that_ask_for_a_label_which_comes_with_the_roll(op: str, old: Any, new: Any, too: str) -> None:
    events = (*labels_come(), step(op, DEPLOYMENT, "web", old, new))
    assert told(*events) == [SENTENCE.format(too)]
    assert report_of(*events).verdict == "attention"


def test_pods_that_some_machine_takes_at_once_wait_for_none() -> None:
    moves = step("update", DEPLOYMENT, "web", web({}), web(POOL))
    assert told(*group("workers", "Node", count=2, template=(LABELLED, LABELLED)), moves) == []
    other = group("others", "Node", count=1, template=(LABELLED, LABELLED))
    assert told(*labels_come(), *other, moves) == []
    assert told(*labels_come(count=0), moves) == []
    # One that is emptied by the same update takes none.
    for event in other:
        metadata = event["resourcePreEvent"]["metadata"]
        if metadata["type"] == GROUP:
            metadata |= {
                "op": "update",
                "new": {**metadata["new"], "inputs": {**metadata["new"]["inputs"], "maxSize": 0}},
            }
    assert told(*labels_come(), *other, moves) == [SENTENCE.format(", and the update with them,")]


def test_pods_that_stay_or_ask_for_what_no_group_gives_are_not_told() -> None:
    scaled = web(POOL)
    scaled["spec"] = {**scaled["spec"], "replicas": 5}
    assert told(*labels_come(), step("update", DEPLOYMENT, "web", web(POOL), scaled)) == []
    assert told(*labels_come(), step("delete", DEPLOYMENT, "web", web(POOL), None)) == []
    assert told(*labels_come(), step("update", DEPLOYMENT, "web", web({}), web({"example.com/pool": "other"}))) == []
