"""Serving a plugin to the engine: address in, port out, and an end together with the engine."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any, Final

import grpc
from google._upb import _message

from rehearsal.providers.base.protos import provider_pb2_grpc

# The engine sets no limit of its own; the SDK's channels use this one (400 MB, `_grpc_settings.py` of pulumi).
CHANNEL_OPTIONS: Final = [("grpc.max_receive_message_length", 400 << 20), ("grpc.max_send_message_length", 400 << 20)]


def serve(make_service: Callable[[str | None], Any], workers: int) -> None:
    """Serve the engine whose address is the last argument, until it ends this process or is gone itself.

    A call in flight when the engine is killed is carried through; its waits are ended with `Cancel`.
    """
    engine_address = sys.argv[-1] if len(sys.argv) > 1 else None
    engine = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit_now)
    calls = ThreadPoolExecutor(max_workers=workers)
    service = make_service(engine_address)
    # A level of an object is three of a message, and protobuf reads a hundred unless it is told to read larger ones:
    # the schema of cert-manager's issuers has 38 levels.
    _message.SetAllowOversizeProtos(True)
    server = grpc.server(calls, options=CHANNEL_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    while os.getppid() == engine:
        server.wait_for_termination(timeout=1.0)
    # The engine was killed. What it asked for last is finished and noted (`rehearsal.journal`), not cut in two.
    service.Cancel(None, None)
    calls.shutdown(wait=True, cancel_futures=True)
    _exit_now()


def _exit_now(_signal: int | None = None, _frame: FrameType | None = None) -> None:
    """Leave at once: Python would wait for calls in flight, and nobody is left to take their answers."""
    os._exit(0)
