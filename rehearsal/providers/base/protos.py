"""The engine's gRPC messages, untyped: their stubs know nothing of how requests are built here."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def _module(name: str) -> Any:
    return import_module(f"pulumi.runtime.proto.{name}")


provider_pb2: Any = _module("provider_pb2")
provider_pb2_grpc: Any = _module("provider_pb2_grpc")
plugin_pb2: Any = _module("plugin_pb2")
status_pb2: Any = _module("status_pb2")
engine_pb2: Any = _module("engine_pb2")
engine_pb2_grpc: Any = _module("engine_pb2_grpc")
