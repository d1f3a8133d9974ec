"""What the machines' process is told: written by the command that starts it, read by it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from ipaddress import IPv4Network
from pathlib import Path

from rehearsal.processes import write_private


@dataclass(frozen=True)
class Settings:
    """An environment's machines. `groups` limits which Auto Scaling groups' instances boot; all when it is empty.

    `images` has, for each instance group, the folder of the image archives that its machines are given; under the empty
    name that of all images, for groups that came later. `policies` is the program that keeps network policies, or none.
    `pod_network` is the one that machines' own pods bring, `cilium` or `amazonVpc`; the stand-in's where it is empty.
    """

    environment: str
    root: str
    logs: str
    endpoint_port: int
    account: str
    region: str
    cluster: str
    kubernetes_version: str
    pod_range: str
    base: str
    images: dict[str, str]
    plugins: str
    downloads: dict[str, str]
    proxy: str
    csi: str
    state_bucket: str
    pki_prefix: str
    service_range: str
    api_balancer: str
    api_loopback_port: int
    kubeconfig: str
    groups: tuple[str, ...] = ()
    policies: str = ""
    pod_network: str = ""

    @property
    def folder(self) -> Path:
        """Where machines' files lie."""
        return Path(self.root)

    @property
    def pods(self) -> IPv4Network:
        """The pods' range."""
        return IPv4Network(self.pod_range)

    def images_of(self, group: str) -> Path:
        """Return the folder of the image archives that the machines of an instance group are given."""
        return Path(self.images.get(group, self.images[""]))

    def write(self, path: Path) -> None:
        """Write them to a file."""
        write_private(path, json.dumps(asdict(self), indent=2, sort_keys=True) + "\n")


def read_settings(path: Path) -> Settings:
    """Read what `write` wrote."""
    raw = json.loads(path.read_text())
    known = {field.name for field in fields(Settings)}
    values = {name: value for name, value in raw.items() if name in known}
    return Settings(**{**values, "groups": tuple(values.get("groups", ()))})
