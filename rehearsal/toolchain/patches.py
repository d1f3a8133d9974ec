"""What a patch of a Go module is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Patch:
    """The Go module `module` is built with what is ours, `source`, which lies beside the `go.mod` that pins it.

    `source` is a file whose name ends in `.txt`, or a folder of such. It is added to `package`, a folder of the module,
    or replaces it whole, subfolders included.
    """

    module: str
    package: str
    source: str
    replaces: bool = False
