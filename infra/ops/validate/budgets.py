"""Disruption budgets that let no pod go: a drain waits for them until it gives up, and with it a roll or an upgrade."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infra.ops.kube import Kube
from infra.ops.roll.cluster import controller_of
from infra.ops.validate.findings import Finding

CHECK = "disruption budgets"
_PATH = "/apis/policy/v1/poddisruptionbudgets"


def check_budgets(kube: Kube) -> Iterator[Finding]:
    """Yield the budgets under which no pod may be evicted although all are well.

    A drain leaves pods of DaemonSets where they are, so that a budget over those alone holds nothing up.
    """
    for budget in kube.items(_PATH):
        if (problem := _dead_end(budget)) and _holds_drains(kube, budget):
            metadata = budget["metadata"]
            place = f"-n {metadata['namespace']} {metadata['name']}"
            fix = (
                "have one more pod, or let one be away (maxUnavailable: 1) where the budget is written; to roll all "
                f"the same: kubectl delete pdb {place}"
            )
            subject = f"PodDisruptionBudget {metadata['namespace']}/{metadata['name']}"
            yield Finding(CHECK, "warning", subject, f"{problem}: a roll pauses at their nodes", fix)


def _holds_drains(kube: Kube, budget: dict[str, Any]) -> bool:
    """Return whether a drain evicts any of the pods of a budget; true where it has none, and cannot be reckoned."""
    selector = _selector((budget.get("spec") or {}).get("selector") or {})
    pods = kube.items(f"/api/v1/namespaces/{budget['metadata']['namespace']}/pods", labelSelector=selector)
    return not pods or any(controller_of(pod["metadata"])[0] != "DaemonSet" for pod in pods)


def _selector(selector: dict[str, Any]) -> str:
    """Return a selector of labels as the API is asked by it."""
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for each in selector.get("matchExpressions") or ():
        key, values = each["key"], ",".join(each.get("values") or ())
        forms = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key}
        parts.append(forms.get(each["operator"], f"!{key}"))
    return ",".join(parts)


def _dead_end(budget: dict[str, Any]) -> str:
    """Return why a budget lets no pod go, ever; empty where it does, or has no pods."""
    status = budget.get("status") or {}
    for each in status.get("conditions") or ():
        if each.get("type") == "DisruptionAllowed" and each.get("reason") == "SyncFailed":
            return f"cannot be reckoned, and lets no pod go ({str(each.get('message', '')).rstrip('.')})"
    pods, wanted = int(status.get("expectedPods") or 0), int(status.get("desiredHealthy") or 0)
    if not pods or wanted < pods:
        return ""
    return f"wants {wanted} of {pods} pod{'' if pods == 1 else 's'} ready, and so lets none go"
