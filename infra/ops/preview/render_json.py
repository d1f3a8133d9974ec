"""The report for machines."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from infra.ops.preview.changes import Change
from infra.ops.preview.meaning import Report

SCHEMA_VERSION = 1
"""Raised when a key changes its meaning or goes; keys may be added meanwhile."""


def render_json(report: Report) -> str:
    """Return the report as one JSON document."""
    return json.dumps(as_mapping(report), indent=2, ensure_ascii=False, sort_keys=False) + "\n"


def as_mapping(report: Report) -> dict[str, Any]:
    """Return the report as plain values."""
    return {
        "version": SCHEMA_VERSION,
        "environment": report.environment,
        "verdict": report.verdict,
        "exitCode": report.exit_code,
        "headline": report.headline,
        "waysOut": list(report.ways_out),
        "sentences": list(report.sentences),
        "counts": dict(report.counts),
        "dangers": [asdict(each) for each in report.dangers],
        "rolls": [asdict(each) for each in report.rolls],
        "resizes": [asdict(each) for each in report.resizes],
        "api": asdict(report.api),
        "securityRules": [
            {"opened": each.opened, "alarming": each.alarming, "urn": each.urn, "words": each.words()}
            | {"rule": asdict(each.rule)}
            for each in report.openings
        ],
        "permissions": [asdict(each) for each in report.permissions],
        "cost": asdict(report.cost) | {"change": round(report.cost.change, 2)},
        "crossZone": None if report.cross_zone is None else asdict(report.cross_zone),
        "changes": [_change(each) for each in report.changes],
        "violations": [asdict(each) for each in report.violations],
        "diagnostics": [asdict(each) for each in report.diagnostics],
        "unknownWaivers": list(report.unknown_waivers),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "op": change.op,
        "urn": change.urn,
        "type": change.type,
        "name": change.name,
        "component": change.component,
        "differences": [asdict(each) for each in change.differences],
    }
