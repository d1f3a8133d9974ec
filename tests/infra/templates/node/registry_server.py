"""A stand-in for image registries and mirrors: HTTPS, one tiny image below any path, and what it was asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.infra.templates.node.release_server import own_certificate, served

CONFIG = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": _MANIFEST_TYPE,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": _digest(CONFIG),
            "size": len(CONFIG),
        },
        "layers": [],
    }
).encode()
DIGEST = _digest(MANIFEST)


@dataclass
class Registry:
    """What the server has, and what it was asked for."""

    host: str = ""
    certificate: Path = Path()
    statuses: dict[str, int] = field(default_factory=dict)
    """What is answered below a path in place of the image."""
    requests: list[str] = field(default_factory=list)


def _handler(registry: Registry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            registry.requests.append(self.path)
            refused = next((status for path, status in registry.statuses.items() if self.path.startswith(path)), None)
            path = self.path.partition("?")[0]
            data = MANIFEST if "/manifests/" in path else CONFIG
            self.send_response(refused or 200)
            if refused == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="mirror"')
            self.send_header("Content-Type", _MANIFEST_TYPE if data is MANIFEST else "application/octet-stream")
            self.send_header("Content-Length", "0" if refused else str(len(data)))
            self.send_header("Docker-Content-Digest", _digest(data))
            self.end_headers()
            if with_body and not refused:
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@contextmanager
def registry_host(folder: Path) -> Iterator[Registry]:
    """Serve the stand-in until the block ends."""
    registry = Registry(certificate=own_certificate(folder))
    with served(_handler(registry), registry.certificate) as address:
        registry.host = address
        yield registry
