"""`python -m rehearsal.gateway ENV --project DIR --port N`: the gateway of one environment, in the foreground."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import threading
from pathlib import Path

from rich.console import Console

from rehearsal.environment.environment import Environment, environment_of
from rehearsal.environment.errors import RehearsalError
from rehearsal.gateway.proxy import NotServedError, Proxy


def leads_to_cluster(host: str, cluster: str) -> bool:
    """Tell whether a host can be the API of a cluster of this name: an address, a load balancer's name, or its own.

    Another one's client would be shown the API server's certificate, and blame that.
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.endswith(f".{cluster}") or ".elb." in host
    return True


class Gate:
    """Leads to the environment's API server, and starts it when the environment has a control plane by now."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._lock = threading.Lock()

    def destination(self, host: str, port: int) -> int:
        """Return the port of the API server. Raises NotServedError."""
        if not leads_to_cluster(host, self._environment.spec.cluster.name):
            text = f"{host} is not of the rehearsed cluster: unset HTTPS_PROXY and https_proxy for what needs it"
            raise NotServedError(text)
        with self._lock:
            try:
                found = self._environment.api_port()
            except RehearsalError as error:
                raise NotServedError(str(error)) from error
        if found is None:
            raise NotServedError(f"{host}:{port} does not answer: no control-plane member has been started yet")
        return found


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environment")
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    console = Console(width=120)
    gate = Gate(environment_of(arguments.environment, arguments.project, console))
    asyncio.run(Proxy(gate.destination).serve(arguments.port))


if __name__ == "__main__":
    main()
