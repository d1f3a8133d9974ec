"""The gRPC front of the stand-in for the random plugin."""

from __future__ import annotations

from rehearsal.providers.base.local_service import LocalService
from rehearsal.providers.base.serving import serve
from rehearsal.providers.base.store import SdkStore
from rehearsal.providers.random.kinds import KINDS


class Service(LocalService):
    """Answers the engine."""

    plugin = "random"
    version = "4.21.4"
    kinds = KINDS
    store = SdkStore("pulumi-random", lambda: KINDS)


def main() -> None:
    """Serve the engine that started this process."""
    serve(Service, workers=16)


if __name__ == "__main__":
    main()
