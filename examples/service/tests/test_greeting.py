from __future__ import annotations

import threading
import urllib.request
from http.server import ThreadingHTTPServer

from greeting import Greeting


def test_it_greets_as_its_environment_says(monkeypatch) -> None:
    monkeypatch.setenv("SERVICE_GREETING", "good morning")
    with ThreadingHTTPServer(("127.0.0.1", 0), Greeting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/") as answer:
            assert answer.read() == b"good morning\n"
        server.shutdown()
