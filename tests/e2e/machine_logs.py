"""The files that a kubelet keeps of a container's log."""

from __future__ import annotations

from rehearsal.machines.machine import Machine


class KeptLogs:
    """The files in a container's folder of a machine, read there."""

    def __init__(self, machine: Machine, folder: str) -> None:
        self._machine = machine
        self._folder = folder
        self.names: list[str] = []

    def are_five(self) -> bool | None:
        """Return True once there are as many as the kubelet keeps, and all are as it leaves them.

        The newest rotated file stays as it is, so that who ships it can read to its end; older ones are compressed.
        """
        self.names = sorted(self._machine.execute("ls", self._folder).split())
        return True if len(self.names) == 5 and sum(name.endswith(".gz") for name in self.names) == 3 else None

    def numbers(self) -> list[int]:
        """Return the numbers that the lines begin with, from the oldest file to the newest."""
        newest, *older = self.names
        read = self._shell(f"zcat -f {' '.join([*older, newest])} | cut -d' ' -f4")
        return [int(each) for each in read.split() if each.isdigit()]

    def rotated_sizes(self) -> list[int]:
        """Return the size of each rotated file before it was compressed, in bytes."""
        return [int(self._shell(f"zcat -f {name} | wc -c")) for name in self.names[1:]]

    def _shell(self, command: str) -> str:
        return self._machine.execute("sh", "-c", f"cd {self._folder} && {command}")


def rotated_twice(machine: Machine, grown: str, quiet: str) -> list[str]:
    """Let a log of the host grow by 12 MB before each of two rotations and after them; return what is left of both."""
    grow = f"for n in $(seq 12); do head -c 1048576 /dev/zero | tr '\\0' x; echo; done >>/var/log/{grown}"
    machine.execute("sh", "-c", f"{grow}; echo quiet >/var/log/{quiet}")
    for _ in range(2):
        machine.execute("systemctl", "start", "logrotate.service")
        machine.execute("sh", "-c", grow)
    return machine.execute("sh", "-c", f"cd /var/log && ls {grown}* {quiet}*").split()
