"""Asks a nursery for a process, stands for it, and ends as it does.

Run as ``python -I -S ask.py SOCKET NAME ARGUMENTS...``: without `site` and other packages it starts in a hundredth of a
second. The process has this one's working directory, environment and standard streams, and ends when this one does.
"""

import os
import signal
import socket
import sys


def main() -> None:
    """Have the process made, and wait for its end."""
    # The engine ends its plugins so, and nothing is to be told of it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with socket.socket(socket.AF_UNIX) as nursery:
        nursery.connect(sys.argv[1])
        arguments = sys.argv[2:]
        variables = [f"{name}={value}" for name, value in os.environ.items()]
        # Of the standard library only what is quick to import.
        fields = [os.getcwd(), str(len(arguments)), *arguments, *variables]  # noqa: PTH109
        message = "\0".join(fields).encode("utf-8", "surrogateescape")
        socket.send_fds(nursery, [len(message).to_bytes(8, "big")], [0, 1, 2])
        nursery.sendall(message)
        status = ended(nursery)
    # Without an answer the nursery is gone, and the process with it.
    os._exit(status[0] if status else 1)


def ended(nursery: socket.socket) -> bytes:
    """Return how the process ended; nothing where the nursery, or who started this one, is gone."""
    starter = os.getppid()
    nursery.settimeout(1.0)
    while os.getppid() == starter:
        try:
            return nursery.recv(1)
        except TimeoutError:
            continue
    return b""


main()
