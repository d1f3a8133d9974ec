"""A service that greets: one port, `/` for probes, settings from the environment."""

from __future__ import annotations

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Greeting(BaseHTTPRequestHandler):
    """Answers every GET with the greeting."""

    def do_GET(self) -> None:
        """Answer."""
        body = f"{os.environ.get('SERVICE_GREETING', 'hello')}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve until stopped."""
    ThreadingHTTPServer(("", int(os.environ.get("SERVICE_PORT", "8080"))), Greeting).serve_forever()
