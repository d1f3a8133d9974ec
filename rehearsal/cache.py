"""Where everything lies that can be made again. Plugins import it, so it imports nothing that takes time."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def cache_home(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of everything that can be built again.

    `SLIPWAY_CACHE_HOME` when set, else `slipway` under `XDG_CACHE_HOME`, else under `~/.cache` (XDG base
    directories). An empty variable counts as unset, as the XDG specification asks.
    """
    own = environment.get("SLIPWAY_CACHE_HOME")
    if own:
        return Path(own).expanduser().absolute()
    xdg = environment.get("XDG_CACHE_HOME")
    return (Path(xdg) if xdg else Path.home() / ".cache") / "slipway"
