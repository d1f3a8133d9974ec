"""Contents of S3 objects: small ones in memory, large ones in files named by their digest.

Pulumi writes its whole state at each step and a state bucket keeps every version, so that one `up` of a large
environment writes gigabytes. In files the server's memory stays flat and a snapshot holds digests alone.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
import zlib
from collections import OrderedDict
from pathlib import Path
from typing import Any

INLINE_BYTES = 8 * 1024

RECENT_BYTES = 32 * 1024 * 1024
"""Contents kept in memory as well: what was just written is digested, copied and read back several times."""


class BodyStore:
    """A directory of compressed object contents. Files are never changed once written."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._unsynced: set[Path] = set()
        self._recent: OrderedDict[str, bytes] = OrderedDict()
        self._recent_bytes = 0
        self._lock = threading.Lock()
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, content: bytes) -> str:
        """Store content and return its digest."""
        digest = hashlib.sha256(content).hexdigest()
        path = self._directory / digest
        if not path.exists():
            scratch = path.with_suffix(f".{threading.get_ident()}")
            scratch.write_bytes(zlib.compress(content, level=1))
            scratch.replace(path)
            self._unsynced.add(path)
        self._remember(digest, content)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the content of that digest; FileNotFoundError when it was never stored."""
        with self._lock:
            content = self._recent.get(digest)
            if content is not None:
                self._recent.move_to_end(digest)
                return content
        content = zlib.decompress((self._directory / digest).read_bytes())
        self._remember(digest, content)
        return content

    def _remember(self, digest: str, content: bytes) -> None:
        with self._lock:
            if digest not in self._recent:
                self._recent[digest] = content
                self._recent_bytes += len(content)
            while self._recent_bytes > RECENT_BYTES:
                self._recent_bytes -= len(self._recent.popitem(last=False)[1])

    def sync(self) -> None:
        """Force contents written since the last `forget_synced` to the disk."""
        for path in self.take_unsynced():  # a copy: the saver forgets some meanwhile
            with path.open("rb") as body:
                os.fsync(body.fileno())

    def take_unsynced(self) -> set[Path]:
        """Return what `sync` would force to the disk now."""
        return set(self._unsynced)

    def forget_synced(self, paths: set[Path]) -> None:
        """Stop tracking these: a snapshot that refers to them is on the disk."""
        self._unsynced -= paths


class Body:
    """The part of `tempfile.SpooledTemporaryFile` that moto's S3 keys use, over a BodyStore."""

    def __init__(self, store: BodyStore, inline: bytes = b"", digest: str | None = None) -> None:
        self._store = store
        self._inline = inline
        self._digest = digest
        self._position = 0
        self.closed = False

    def content(self) -> bytes:
        """Return the whole content. Raises ValueError when closed, as a file does."""
        if self.closed:
            raise ValueError("I/O operation on closed file")
        return self._inline if self._digest is None else self._store.get(self._digest)

    def _replace(self, content: bytes) -> None:
        if len(content) > INLINE_BYTES:
            self._inline, self._digest = b"", self._store.put(content)
        else:
            self._inline, self._digest = content, None

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move as `io.IOBase.seek` does."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}
        self._position = offset + (base[whence] if whence in base else len(self.content()))
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes from the position on, or all that follow."""
        content = self.content()
        end = len(content) if size < 0 else self._position + size
        part = content[self._position : end]
        self._position += len(part)
        return part

    def write(self, data: bytes) -> int:
        """Write at the position."""
        buffer = io.BytesIO(self.content())
        buffer.seek(self._position)
        buffer.write(data)
        self._position = buffer.tell()
        self._replace(buffer.getvalue())
        return len(data)

    def truncate(self, size: int | None = None) -> int:
        """Cut the content at `size` bytes, or at the position."""
        size = self._position if size is None else size
        self._replace(self.content()[:size] if size else b"")
        return size

    def close(self) -> None:
        """Let go of the content."""
        self.closed = True
        self._inline, self._digest = b"", None

    def __reduce__(self) -> Any:
        """Pickle a reference to the store's file, or the content itself when it is small."""
        return (_restore, (self._inline, self._digest, self.closed))


_current: BodyStore | None = None


def use(store: BodyStore) -> None:
    """Make `store` the one that new bodies and unpickled ones belong to."""
    global _current  # moto and pickle construct bodies and cannot pass a store
    _current = store


def new_body(_max_size: int = 0) -> Body:
    """Return an empty body of the store in use; takes the place of `SpooledTemporaryFile(max_size)`."""
    return _restore(b"", None, closed=False)


def _restore(inline: bytes, digest: str | None, closed: bool) -> Body:
    if _current is None:
        raise RuntimeError("no BodyStore in use: call bodies.use first")
    body = Body(_current, inline, digest)
    body.closed = closed
    return body
