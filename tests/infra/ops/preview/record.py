"""Makes a small sample of an engine's long stream of events, for the tests beside it.

The samples were recorded on rehearsals, by this, which keeps each step and drops what a report does not read::

    eval "$(./rehearse env local)"
    PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true pulumi preview --stack local --non-interactive --json \
        --config-file CHANGED.yaml | python -m tests.infra.ops.preview.record > recorded/NAME.jsonl
"""

from __future__ import annotations

import json
import sys
from typing import Any

# Types whose unchanged resources a report reads as well.
_READ_UNCHANGED = ("autoscaling/group", "launchTemplate", "ec2/securityGroup:", "natGateway", "eip", "kms/key")


def kept(event: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a sample keeps of an event."""
    if "diagnosticEvent" in event:
        return None if event["diagnosticEvent"].get("severity") == "debug" else event
    if found := event.get("resourcePreEvent"):
        return event if _begun(found["metadata"]) else None
    if found := event.get("resOutputsEvent"):
        return event if _ended(found["metadata"]) else None
    return event


def _begun(step: dict[str, Any]) -> bool:
    if step["op"] in ("refresh", "read") or "pulumi:" in step["type"]:
        return False
    if step["op"] == "same" and not any(part in step["type"] for part in _READ_UNCHANGED):
        return False
    for side in ("old", "new"):
        state = step[side] or {"inputs": {}, "outputs": {}}
        keys = ("desiredCapacity", *(("__inputs", "metadata", "spec") if state.get("initErrors") else ()))
        state["outputs"] = {key: state["outputs"][key] for key in keys if key in state["outputs"]}
        if step["op"] == "same" and "userData" in state["inputs"]:
            state["inputs"]["userData"] = ""
    return True


def _ended(step: dict[str, Any]) -> bool:
    """Return whether this is what a refresh found; a preview's results repeat its steps."""
    return step["op"] == "delete" or "eip" in step["type"] or (step["op"] == "update" and step["old"] != step["new"])


def main() -> None:
    """Read events from standard input and print the sample."""
    lines = sys.stdin.readlines()
    is_refresh = any('"op":"refresh"' in line for line in lines)
    for line in lines:
        if not is_refresh and '"resOutputsEvent"' in line:
            continue
        if line.startswith("{") and (event := kept(json.loads(line))):
            print(json.dumps(event, separators=(",", ":")))


if __name__ == "__main__":
    main()
