"""An HTTP proxy that knows CONNECT alone, and one destination."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_HEADERS_SECONDS: Final = 10.0
_HEADERS_BYTES: Final = 65_536
_CHUNK: Final = 65_536


class NotServedError(Exception):
    """There is nothing to connect to; the text says why, and goes to the client."""


@dataclass(frozen=True)
class Proxy:
    """`destination` maps the host and port a client asks for to a loopback port, and may take a while.

    It runs in a thread, and raises NotServedError.
    """

    destination: Callable[[str, int], int]

    async def serve(self, port: int) -> None:
        """Serve on a loopback port until cancelled."""
        server = await asyncio.start_server(self._handle, "127.0.0.1", port, limit=_HEADERS_BYTES)
        async with server:
            await server.serve_forever()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            request = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _HEADERS_SECONDS)
            method, _, rest = request.decode("latin-1").partition(" ")
            host, _, port = rest.split(" ", 1)[0].rpartition(":")
            if method != "CONNECT" or not port.isdigit():
                await self._refuse(writer, 405, "This proxy leads to the rehearsed Kubernetes API and nowhere else.")
                return
            try:
                local = await asyncio.to_thread(self.destination, host.strip("[]"), int(port))
            except NotServedError as error:
                await self._refuse(writer, 503, str(error))
                return
            await self._tunnel(reader, writer, local)
        writer.close()

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_pump(reader, far_writer))
                tasks.create_task(_pump(far_reader, writer))
        finally:
            far_writer.close()

    async def _refuse(self, writer: asyncio.StreamWriter, status: int, text: str) -> None:
        body = f"{text}\n".encode()
        # Clients show the reason of a proxy that refuses, and not its body.
        reason = " ".join(text.split()).encode("latin-1", "replace").decode("latin-1")
        head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode("latin-1") + body)
        await writer.drain()
        writer.close()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while chunk := await source.read(_CHUNK):
            target.write(chunk)
            await target.drain()
    finally:
        if target.can_write_eof():
            with contextlib.suppress(OSError):
                target.write_eof()
