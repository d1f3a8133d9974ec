"""Pods that wait for images which nothing serves here: told plainly, since they would wait for ever in silence."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from rehearsal.machines.catalogue import RECIPES, VARIABLE
from rehearsal.machines.declared import repository
from rehearsal.machines.log import tell

FILE: Final = "waiting.txt"
"""What was last told, in the machines' folder."""
_EVERY_SECONDS: Final = 15.0
_REASONS: Final = frozenset({"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull"})


def waiting_pods(pods: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return image -> pods (`namespace/name`) of the pods that wait for one, both in order."""
    found: dict[str, set[str]] = {}
    for pod in pods:
        name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        for status in _statuses(pod):
            if status.get("state", {}).get("waiting", {}).get("reason") in _REASONS:
                found.setdefault(status["image"], set()).add(name)
    return {image: sorted(names) for image, names in sorted(found.items())}


def _statuses(pod: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for kind in ("initContainerStatuses", "containerStatuses"):
        yield from pod["status"].get(kind) or ()


def told(waiting: Mapping[str, list[str]]) -> str:
    """Return what is to be said about pods that wait; nothing when none does."""
    if not waiting:
        return ""
    pods = {name for names in waiting.values() for name in names}
    recipes = [RECIPES[repository(image)] for image in waiting if repository(image) in RECIPES]
    buildable = sorted({recipe.program for recipe in recipes if not recipe.stands_in})
    lines = [f"{len(pods)} pods wait for images that are not built here, and go on waiting:"]
    lines += [f"  {image}: {', '.join(names)}" for image, names in waiting.items()]
    if buildable:
        lines.append(f"Built when asked for: {VARIABLE}={','.join(buildable)}.")
    return "\n".join(lines)


class Watch:
    """Looks at pods now and then, and tells when others wait than before, once these have waited for two looks."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._next = 0.0
        self._last: dict[str, list[str]] = {}
        self._told: dict[str, list[str]] = {}

    def due(self) -> bool:
        """Return whether it is time to look again."""
        return time.monotonic() >= self._next

    def look(self, pods: Iterable[Mapping[str, Any]]) -> None:
        """Take note of all pods of the cluster."""
        self._next = time.monotonic() + _EVERY_SECONDS
        waiting = waiting_pods(pods)
        self._file.write_text(told(waiting))
        if waiting == self._last != self._told:
            self._told = waiting
            tell(told(waiting) or "no pod waits for an image")
        self._last = waiting
