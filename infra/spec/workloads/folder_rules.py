"""Rules of a workload's folders: each place once, and no folder larger than what the pod may use."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.errors import Location, Problem
from infra.spec.workloads.scalars import memory_bytes
from infra.spec.workloads.workload import WorkloadSpec

TOKEN_FOLDER = "/var/run/secrets/aws"  # noqa: S105  a folder
"""Where the token for a workload's role in AWS is."""

_MI = 2**20
_PATTERN = frozenset("*?[]{}")


def check_folders(workload: WorkloadSpec) -> Iterator[Problem]:
    """Yield what is wrong with where folders are, how large they are, and what sidecars read in them."""
    yield from _check_mounts(workload)
    yield from _check_disk(workload)
    yield from _check_memory(workload)
    yield from _check_sidecars(workload)


def _check_mounts(workload: WorkloadSpec) -> Iterator[Problem]:
    read_only = _read_only(workload)
    taken = dict(read_only)
    by_default = "scratch" not in workload.model_fields_set
    if by_default:
        taken |= {folder.path: "scratch" for folder in workload.scratch}
    places: list[tuple[Location, str]] = [
        *((("config", name), name) for name in workload.config if name.startswith("/")),
        *((("claims", i, "path"), claim.path) for i, claim in enumerate(workload.claims)),
        *((("scratch", i, "path"), folder.path) for i, folder in enumerate(workload.scratch) if not by_default),
        *((("sidecars", i, "folder"), sidecar.folder) for i, sidecar in enumerate(workload.sidecars)),
    ]
    first: dict[str, Location] = {}
    for at, path in places:
        around = next((folder for folder in read_only if path.startswith(f"{folder}/")), None)
        if around is not None:
            # Nothing can make the place to mount at.
            what = f"lies in {around}, where {read_only[around]} is mounted, read-only"
            yield Problem(at, what, "choose another folder", repr(path))
        if path not in taken:
            taken[path], first[path] = str(at[0]), at
            continue
        problem, fix = f"is where {taken[path]} is mounted", "choose another folder"
        if path in first and at[0] == "sidecars" == first[path][0]:
            problem, fix = f"is the folder of sidecars[{first[path][1]}]", "list the files of both there"
        elif by_default and taken[path] == "scratch":
            problem, fix = f"{problem}, by default", f"{fix}, or write scratch: []"
        yield Problem(at, problem, fix, repr(path))


def _read_only(workload: WorkloadSpec) -> dict[str, str]:
    """Return the folders that Slipway mounts in the container, each with the key that it is of."""
    mounted = {
        "/etc/config": ("config", any(not name.startswith("/") for name in workload.config)),
        "/etc/secrets": ("secrets", bool(workload.secrets)),
        TOKEN_FOLDER: ("aws", bool(workload.aws)),
    }
    return {folder: key for folder, (key, there) in mounted.items() if there}


def _check_disk(workload: WorkloadSpec) -> Iterator[Problem]:
    """Find folders that together are more than the limit at which the kubelet evicts the pod."""
    limit = workload.resources.ephemeral_storage
    folders: list[tuple[Location, int]] = [
        *((("scratch", i, "sizeMi"), each.size_mi) for i, each in enumerate(workload.scratch) if each.medium == "disk"),
        *((("sidecars", i, "sizeMi"), each.size_mi) for i, each in enumerate(workload.sidecars)),
    ]
    total = sum(size for _, size in folders)
    if total * _MI <= memory_bytes(limit):
        return
    at, size = max(folders, key=lambda each: each[1])
    yield Problem(
        at,
        f"cannot be filled: with the other folders it is {total} MiB, and a pod is evicted at {limit}",
        f"write resources.ephemeralStorage: {total + memory_bytes('256Mi') // _MI}Mi, or smaller folders",
        str(size),
        (("resources", "ephemeralStorage"), ("scratch",), ("sidecars",)),
    )


def _check_memory(workload: WorkloadSpec) -> Iterator[Problem]:
    limit = workload.resources.memory
    for index, folder in enumerate(workload.scratch):
        if folder.medium == "memory" and folder.size_mi * _MI >= memory_bytes(limit):
            yield Problem(
                ("scratch", index, "sizeMi"),
                f"cannot be filled: it is memory, and resources.memory ends the container at {limit}",
                "write more memory, or a smaller folder",
                str(folder.size_mi),
                (("resources", "memory"),),
            )


def _check_sidecars(workload: WorkloadSpec) -> Iterator[Problem]:
    for index, sidecar in enumerate(workload.sidecars):
        at: Location = ("sidecars", index)
        if sidecar.type == "agent" and sidecar.send_to is None:
            yield Problem((*at, "sendTo"), "is missing", "name the workload or backend that takes the lines", None)
        if sidecar.type == "agent" and sidecar.send_to is not None and sidecar.send_to not in workload.to:
            yield Problem(
                (*at, "sendTo"), "is not in to, so the network would refuse it", "add it to to", repr(sidecar.send_to)
            )
        if sidecar.type == "stream" and sidecar.send_to is not None:
            yield Problem((*at, "sendTo"), "is for an agent: a stream is read on the node", "remove it", None)
        for position, name in enumerate(sidecar.files):
            place = (*at, "files", position)
            if "/" in name or not name or name.startswith("."):
                yield Problem(place, "is not a name of a file", "write it without folder", repr(name))
            elif _PATTERN & set(name):
                yield Problem(place, "is a pattern", "name each file", repr(name))
