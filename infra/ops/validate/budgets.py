"""Disruption budgets that let no pod go: a drain waits for them until it gives up, and with it a roll or an upgrade."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infra.ops.kube import Kube
from infra.ops.validate.findings import Finding

CHECK = "disruption budgets"
_PATH = "/apis/policy/v1/poddisruptionbudgets"


def check_budgets(kube: Kube) -> Iterator[Finding]:
    """Yield the budgets under which no pod may be evicted although all are well.

    One whose pods are not all ready is left out: it lets them go once they are.
    """
    for budget in kube.items(_PATH):
        if problem := _dead_end(budget):
            metadata = budget["metadata"]
            place = f"-n {metadata['namespace']} {metadata['name']}"
            fix = (
                "have one more pod, or let one be away (maxUnavailable: 1) where the budget is written; to roll all "
                f"the same: kubectl delete pdb {place}"
            )
            subject = f"PodDisruptionBudget {metadata['namespace']}/{metadata['name']}"
            yield Finding(CHECK, "warning", subject, f"{problem}: a roll pauses at their nodes", fix)


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
