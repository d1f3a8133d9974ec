"""Lets one request at a time into moto, so that a snapshot finds no half-made change.

moto is pure Python and its operations take no locks of their own. Under the interpreter's lock, threads would gain no
speed and could meet each other's half-made changes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from unittest import mock
from urllib.parse import parse_qs

from moto.core.botocore_stubber import BotocoreStubber

_READING = ("Describe", "Get", "List", "Head", "Lookup")


class Gate:
    """A lock that its holder can lend out while it waits for something."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the gate."""
        with self._lock:
            yield

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let others in while the holder waits, as in a long poll of a queue."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()


@contextmanager
def gated_mocks() -> Iterator[None]:
    """Let one call at a time into ``mock_aws``, where threads of this process call AWS beside each other."""
    lock = threading.RLock()
    process = BotocoreStubber.process_request

    def gated(stubber: BotocoreStubber, request: Any) -> Any:
        with lock:
            return process(stubber, request)

    with mock.patch.object(BotocoreStubber, "process_request", gated):
        yield


class GatedApplication:
    """A WSGI application behind a gate. `changed` is called inside it after each request that may change data."""

    def __init__(self, application: Callable[..., Any], gate: Gate, changed: Callable[[], None]) -> None:
        self._application = application
        self._gate = gate
        self._changed = changed

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        """Answer one request; its body was read, and its answer is complete, outside of the socket's pace."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            body = environ["wsgi.input"].read()
            environ["CONTENT_LENGTH"] = str(len(body))
            del environ["HTTP_TRANSFER_ENCODING"]
        else:
            body = environ["wsgi.input"].read(length) if length else b""
        environ["wsgi.input"] = BytesIO(body)
        with self._gate.held():
            try:
                answer = self._application(environ, start_response)
                try:
                    return [b"".join(answer)]
                finally:
                    if hasattr(answer, "close"):
                        answer.close()
            finally:
                if may_change(environ, body):
                    self._changed()


def may_change(environ: dict[str, Any], body: bytes) -> bool:
    """Return whether a request may change data: all do but reads by method or by the operation's name."""
    if environ["REQUEST_METHOD"] in ("GET", "HEAD", "OPTIONS"):
        return False
    operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    if not operation and environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        operation = next(iter(parse_qs(body.decode(errors="replace")).get("Action", [""])))
    return not operation.startswith(_READING)
