"""Starting a plugin without the Pulumi SDK.

`import pulumi.runtime.proto.provider_pb2` first runs the whole SDK, half a second of which a plugin needs nothing. The
generated modules import only each other, so their two parent packages can be entered as empty ones. That must happen
in the plugin's own process alone: there `import pulumi` gives the empty package from then on.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType


def without_sdk() -> None:
    """Let the engine's messages be imported without the SDK; does nothing where the SDK was imported before.

    Raises ImportError when the SDK is not installed.
    """
    if "pulumi" in sys.modules:
        return
    spec = find_spec("pulumi")
    if spec is None or spec.origin is None:
        raise ImportError("pulumi is not installed beside this plugin; install requirements.txt")
    root = Path(spec.origin).parent
    for name, folder in (("pulumi", root), ("pulumi.runtime", root / "runtime")):
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
