"""The engine's gRPC messages, without the SDK around them.

`import pulumi.runtime.proto.provider_pb2` first runs the whole Pulumi SDK, half a second of which a plugin
needs nothing. The generated modules import only each other, so their two parent packages are entered as
empty ones, in this process alone; where the SDK was imported before, it is left as it is.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any


def _load() -> dict[str, Any]:
    if "pulumi" not in sys.modules:
        spec = find_spec("pulumi")
        if spec is None or spec.origin is None:
            raise ImportError("pulumi is not installed beside this plugin; install requirements.txt")
        root = Path(spec.origin).parent
        for name, folder in (("pulumi", root), ("pulumi.runtime", root / "runtime")):
            package = ModuleType(name)
            package.__path__ = [str(folder)]
            sys.modules[name] = package
    names = ("provider_pb2", "provider_pb2_grpc", "plugin_pb2", "engine_pb2", "engine_pb2_grpc", "status_pb2")
    return {name: import_module(f"pulumi.runtime.proto.{name}") for name in names}


_modules = _load()
provider_pb2: Any = _modules["provider_pb2"]
provider_pb2_grpc: Any = _modules["provider_pb2_grpc"]
plugin_pb2: Any = _modules["plugin_pb2"]
status_pb2: Any = _modules["status_pb2"]
engine_pb2: Any = _modules["engine_pb2"]
engine_pb2_grpc: Any = _modules["engine_pb2_grpc"]
