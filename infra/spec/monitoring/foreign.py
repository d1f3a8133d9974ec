"""Words that are written in a file of rules by habit, from the Prometheus operator, and what to do about each."""

from __future__ import annotations

OF_FILE = dict.fromkeys(
    ("apiVersion", "kind", "metadata", "spec"),
    "write groups alone: this is a file of Prometheus's own, and no PrometheusRule",
)
OF_GROUP = {
    **dict.fromkeys(("queryOffset",), "write query_offset, as Prometheus calls it"),
    "partial_response_strategy": "remove it: it is Thanos's",
}
OF_RULE = {
    "keepFiringFor": "write keep_firing_for, as Prometheus calls it",
    "severity": "write it under labels",
    **dict.fromkeys(("summary", "description", "runbook_url"), "write it under annotations"),
}
