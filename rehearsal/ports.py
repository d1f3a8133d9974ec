"""The ports of rehearsed environments: chosen once, kept, and no other environment's, whether its processes run or not.

Between the choice of a port and the start of what listens on it lie seconds, and an environment that is stopped means
to have its ports again. So it is written down, in one table for all environments of a user, which file has which port.
"""

from __future__ import annotations

import fcntl
import json
import random
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rehearsal.cache import cache_home
from rehearsal.processes import ProcessError, write_private

# Below Linux's and macOS's ephemeral ranges (32768 and 49152 upwards), so that no outgoing connection holds a
# remembered port when the environment starts again.
_PORTS = range(20000, 32768)


def remembered_ports(path: Path, names: Iterable[str]) -> dict[str, int]:
    """Return a loopback port for each name, the same ones each time, kept in the JSON file `path`.

    A name seen for the first time gets a port that is free now and that no other such file has. Raises ProcessError
    when the file, or the table of all, holds no port table.
    """
    wanted = list(names)
    ports = _kept(path)
    if missing := [name for name in wanted if name not in ports]:
        with _all_files() as table:
            owned = _owned(table)
            candidates = iter(random.sample(_PORTS, len(_PORTS)))
            for name in missing:
                ports[name] = next(
                    port for port in candidates if port not in (*owned, *ports.values()) and port_is_free(port)
                )
            write_private(path, json.dumps(ports, indent=2, sort_keys=True) + "\n")
            own = dict.fromkeys(ports.values(), str(path.absolute()))
            write_private(table, json.dumps({str(port): owner for port, owner in {**owned, **own}.items()}) + "\n")
    return {name: ports[name] for name in wanted}


def port_is_free(port: int) -> bool:
    """Return whether a server may listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _kept(path: Path) -> dict[str, int]:
    try:
        return {str(name): int(port) for name, port in json.loads(path.read_text()).items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError, TypeError) as error:
        raise ProcessError(f"{path}: not a table of ports ({error}); delete it to have new ports chosen") from error


def _owned(table: Path) -> dict[int, str]:
    """Return port -> the file that has it, without those of environments that are no more."""
    try:
        owners = {int(port): str(owner) for port, owner in json.loads(table.read_text()).items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError) as error:
        raise ProcessError(f"{table}: not a table of ports ({error}); delete it, and it is made again") from error
    return {port: owner for port, owner in owners.items() if Path(owner).exists()}


@contextmanager
def _all_files() -> Iterator[Path]:
    """Yield the table of all ports, with no other process at it."""
    home = cache_home()
    home.mkdir(parents=True, exist_ok=True)
    with (home / "ports.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield home / "ports.json"
