"""Alertmanager is told of another configuration until it has taken it, and of nothing else."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.infra.templates.observability.sidecar import Sidecar
from tests.mounted import mount

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(shutil.which("wget") is None, reason="the script asks by wget, which is not here"),
]


class Alertmanager:
    """What is told to read again."""

    def __init__(self) -> None:
        self.status = 200
        self.told: list[tuple[str, int]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.told.append((self.path, outer.status))
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def manager() -> Iterator[Alertmanager]:
    made = Alertmanager()
    yield made
    made.server.shutdown()
    made.server.server_close()


def started(manager: Alertmanager, folder: Path) -> Sidecar:
    mount(folder, {"alertmanager.yml": "one"})
    return Sidecar("reload-alertmanager.sh", {"/etc/alertmanager": str(folder), "127.0.0.1:9093": manager.address})


def test_a_change_is_told_once(manager: Alertmanager, tmp_path: Path) -> None:
    taken = ("/-/reload", 200)
    with started(manager, tmp_path / "config") as script:
        # It may have begun after the file changed, and cannot know what was read.
        script.eventually(lambda: manager.told == [taken])
        mount(tmp_path / "config", {"alertmanager.yml": "two"})
        script.eventually(lambda: len(manager.told) > 1)
        time.sleep(1)
        assert manager.told == [taken, taken]
        assert script.ended() == (0, "")


def test_what_is_refused_is_told_again(manager: Alertmanager, tmp_path: Path) -> None:
    manager.status = 500
    with started(manager, tmp_path / "config") as script:
        script.eventually(lambda: len(manager.told) > 1)
        manager.status = 200
        script.eventually(lambda: ("/-/reload", 200) in manager.told)


def test_one_that_is_not_there_is_no_end_of_it(manager: Alertmanager, tmp_path: Path) -> None:
    manager.server.shutdown()
    manager.server.server_close()
    with started(manager, tmp_path / "config") as script:
        time.sleep(1)
        assert script.process.poll() is None
