"""The gRPC front of the stand-in for the tls plugin."""

from __future__ import annotations

from rehearsal.providers.base.local_service import LocalService
from rehearsal.providers.base.serving import serve
from rehearsal.providers.base.store import SdkStore
from rehearsal.providers.tls.functions import FUNCTIONS
from rehearsal.providers.tls.kinds import KINDS


class Service(LocalService):
    """Answers the engine."""

    plugin = "tls"
    version = "5.6.2"
    kinds = KINDS
    functions = FUNCTIONS
    store = SdkStore("pulumi-tls", lambda: KINDS)


def main() -> None:
    """Serve the engine that started this process."""
    serve(Service, workers=16)


if __name__ == "__main__":
    main()
