"""Write the definitions of the kinds that the edge router reads, from the Go modules that publish them.

Run it after a change of a version here: ``python tools/edge_crds.py``. It needs Go. Descriptions of fields are left
out, which are two thirds of the text and what ``kubectl explain`` would show.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

GATEWAY_API = "sigs.k8s.io/gateway-api@v1.6.1"
"""What Traefik 3.7.13 is built with (its go.mod)."""

CHART = "github.com/traefik/traefik-helm-chart@v41.6.0+incompatible"
"""The chart that installs Traefik 3.7.13."""

UNREAD = (
    "clusterissuers.cert-manager.io",
    "listenersets.gateway.networking.k8s.io",
    "tcproutes.gateway.networking.k8s.io",
    "udproutes.gateway.networking.k8s.io",
)
"""Kinds that are not read: Traefik has some in its experimental channel only, and issuers are of the one namespace."""

CERT_MANAGER = "github.com/cert-manager/cert-manager@v1.21.2"

TEMPLATES = Path(__file__).resolve().parents[1] / "infra" / "templates"


def main() -> int:
    """Write one file a kind; remove what is no longer there."""
    _write("edge_crds", [*_kinds(GATEWAY_API, "config/crd/standard"), *_kinds(CHART, "traefik/crds")])
    _write("certificate_crds", [*_kinds(CERT_MANAGER, "deploy/crds")])
    return 0


def _write(folder: str, kinds: list[dict[str, Any]]) -> None:
    target = TEMPLATES / folder
    target.mkdir(exist_ok=True)
    for old in target.glob("*.json"):
        old.unlink()
    for kind in kinds:
        path = target / f"{kind['metadata']['name']}.json"
        path.write_text(json.dumps(kind, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"wrote {len(kinds)} kinds to {target}")


def _kinds(module: str, folder: str) -> Iterator[dict[str, Any]]:
    answer = subprocess.run(
        ["go", "mod", "download", "-json", module], check=True, capture_output=True, text=True
    )  # fmt: skip
    for path in sorted((Path(json.loads(answer.stdout)["Dir"]) / folder).glob("*.yaml")):
        for body in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            if body and body["kind"] == "CustomResourceDefinition" and _read(body["metadata"]["name"]):
                # What a generator left there; the API server writes its own.
                body.pop("status", None)
                yield _bare(body)


def _read(name: str) -> bool:
    """Return whether the router, as it is configured, reads a kind."""
    return name not in UNREAD and not name.endswith(".hub.traefik.io")


def _bare(value: Any, names: bool = False) -> Any:
    """Return a definition without descriptions; ``names`` says that the keys are names of properties."""
    if isinstance(value, list):
        return [_bare(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _bare(item, key == "properties" and not names)
        for key, item in value.items()
        if names or key != "description"
    }


if __name__ == "__main__":
    sys.exit(main())
