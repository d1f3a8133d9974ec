"""Runs a plugin that is written in Python, as the engine asks for: a policy pack, in a virtual environment of its own.

Follows the vendor's language host: the interpreter of the virtual environment that the options name, unbuffered, with
the plugin's directory as its program. What it prints and its exit status go to the engine, which reads the plugin's
port from the first line.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from pulumi.runtime.proto import language_pb2

_CHUNK = 65_536
_END_SECONDS = 5.0

_running: set[subprocess.Popen[bytes]] = set()


def run_plugin(request: Any, on_cancel: Callable[[Callable[[], None]], object]) -> Iterator[Any]:
    """Run the plugin of a `RunPluginRequest` and yield its `RunPluginResponse` messages until it ends.

    `on_cancel` takes what is to be done when the engine wants it no more.

    Raises:
        FileNotFoundError: its virtual environment does not exist; the text says how it is made.
    """
    command = [str(interpreter(request)), "-u", request.info.program_directory, *request.args]
    variables = dict(entry.split("=", 1) for entry in request.env) if request.env else dict(os.environ)
    # The program's own packages must not be found before those of the plugin.
    for name in ("PYTHONPATH", "PYTHONHOME"):
        variables.pop(name, None)
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, cwd=request.pwd or None, env=variables, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe
    )
    _running.add(process)
    on_cancel(process.terminate)
    try:
        yield from _output(process)
        yield language_pb2.RunPluginResponse(exitcode=process.wait())
    finally:
        _end(process)


def end_all() -> None:
    """End every plugin that runs: the engine that wanted them is gone."""
    for process in list(_running):
        process.terminate()


def interpreter(request: Any) -> Path:
    """Return the Python that runs the plugin: that of its virtual environment, or this one where it names none."""
    option = request.info.options.fields.get("virtualenv")
    if option is None or not option.string_value:
        return Path(sys.executable)
    folder = Path(request.info.root_directory, option.string_value)
    python = folder / "bin" / "python"
    if not python.exists():
        raise FileNotFoundError(
            f"{folder} does not exist or is no virtual environment: make it and install the plugin's requirements there"
        )
    return python


def _output(process: subprocess.Popen[bytes]) -> Iterator[Any]:
    chunks: queue.Queue[Any] = queue.Queue()
    readers = [
        threading.Thread(target=_read, args=(stream, name, chunks), name=f"plugin-{name}", daemon=True)
        for name, stream in (("stdout", process.stdout), ("stderr", process.stderr))
    ]
    for reader in readers:
        reader.start()
    open_streams = len(readers)
    while open_streams:
        message = chunks.get()
        if message is None:
            open_streams -= 1
        else:
            yield message


def _read(stream: IO[bytes], name: str, chunks: queue.Queue[Any]) -> None:
    with stream:
        while chunk := os.read(stream.fileno(), _CHUNK):
            message = language_pb2.RunPluginResponse()
            setattr(message, name, chunk)
            chunks.put(message)
    chunks.put(None)


def _end(process: subprocess.Popen[bytes]) -> None:
    _running.discard(process)
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
