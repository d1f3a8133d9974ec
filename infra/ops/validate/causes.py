"""Causes that the words of the kernel, the kubelet or the program name, and what to write in the file for each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.ops.pod_trouble import LIVENESS, UNSCHEDULED, Trouble

UNSTARTED = ("CreateContainerError", "RunContainerError", "StartError")
"""Reasons of the kubelet for a container that did not come to run."""
_ENDED = ("CrashLoopBackOff", "ended with", *UNSTARTED)
_OTHER_PROCESSOR = re.compile("exec format error|no match for platform")
_NO_PROGRAM = re.compile("executable file not found|exec: .*no such file or directory")
_READ_ONLY = re.compile("read-only file system|EROFS", re.IGNORECASE)
_FORBIDDEN = re.compile("permission denied|EACCES", re.IGNORECASE)
_NO_PLACE = re.compile("mount .*: not a directory|trying to mount a directory onto a file")
_SILENCE = re.compile(r"timed[ -]?out|\btime[ -]?out\b|ETIMEDOUT", re.IGNORECASE)
_DONE = re.compile(r"(last exit|ended with) 0 \(Completed\)")
_EMPTY_DIR = re.compile('EmptyDir volume "(scratch|logs|buffer)-([0-9]+)"')
_DISK = re.compile("ephemeral (local )?storage")
_DEVICE = re.compile(r"Insufficient ([a-z0-9-]+(?:\.[a-z0-9-]+)+/[\w.-]*\w)")
_CLAIM = re.compile("; claim |unbound immediate")


def known_way_out(trouble: Trouble, at: str, file: str) -> str | None:
    """Return what to write for a cause that is named; None where none is.

    ``at`` is where the file speaks of the container, with a dot behind it; empty: at its top.
    """
    if trouble.reason == UNSCHEDULED:
        return next(_of_unscheduled(trouble.words, file), None)
    if trouble.reason == "Evicted":
        return next(_of_evicted(trouble.words, file), None)
    ended = trouble.reason.startswith(_ENDED)
    return next(_of_any(trouble.what, at, file), None) or (
        next(_of_ended(trouble.what, at, file), None) if ended else None
    )


def _of_any(words: str, at: str, file: str) -> Iterator[str]:
    if _OTHER_PROCESSOR.search(words):
        yield f"build {at}image of {file} for the nodes' processors, or name nodes of its own by nodeSelector"
    if "OOMKilled" in words:
        yield f"raise {at}resources.memory in {file}"


def _of_ended(words: str, at: str, file: str) -> Iterator[str]:
    if _NO_PROGRAM.search(words):
        # A sidecar's command is Slipway's own.
        key = "image" if at.startswith("sidecars") else "command"
        yield f"correct {at}{key} in {file}: the image has no such program"
    if _DONE.search(words) and LIVENESS not in words:
        instead = f"runs: before at {at.rstrip('.')}" if at.startswith("helpers") else "kind: Job"
        yield f"write {instead} in {file}, or a command that goes on: it ends by itself, with success"
    if _NO_PLACE.search(words):
        yield f"correct the paths under config, claims and scratch in {file}: the image has a file where a folder goes"
    if _READ_ONLY.search(words):
        yield f"name the folder that it writes to under scratch in {file}"
    if _FORBIDDEN.search(words):
        user = f"{at}runAsUser" if at.startswith("helpers") else "security.runAsUser"
        yield f"correct {user} in {file}, or name the folder that it writes to under scratch"
    if _SILENCE.search(words):
        yield (
            f"name whom it calls under to in {file}, and it under from there: the network drops what either leaves "
            "out; or see why that one does not answer"
        )


def _of_evicted(words: str, file: str) -> Iterator[str]:
    if folder := _EMPTY_DIR.search(words):
        yield f"raise {'scratch' if folder[1] == 'scratch' else 'sidecars'}[{folder[2]}].sizeMi in {file}"
    if _DISK.search(words):
        yield f"raise resources.ephemeralStorage in {file}"


def _of_unscheduled(words: str, file: str) -> Iterator[str]:
    if _CLAIM.search(words):
        yield f"correct claims in {file}"
    if device := _DEVICE.search(words):
        yield f"run the plugin that offers {device[1]} on nodes that have it, or correct resources.devices in {file}"
