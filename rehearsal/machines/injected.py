"""What is put into a machine's tree for being a rehearsed one; nothing of it is in what the plan renders."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from importlib.resources import files
from ipaddress import IPv4Network
from pathlib import Path
from typing import Final

from rehearsal.machines import pod_network, resolver
from rehearsal.machines.facts import Instance, Interface

LIBRARY: Final = "/usr/local/lib/rehearsal"
IMAGES: Final = "/opt/rehearsal/images"
PROXY: Final = "/opt/rehearsal/kube-proxy"
CSI: Final = "/opt/rehearsal/csi"
POLICIES: Final = "/opt/rehearsal/netpol"
_UNITS: Final = "/etc/systemd/system"
_TRUSTED: Final = "etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True)
class Injected:
    """A file in a machine."""

    path: str
    content: str
    executable: bool = False


def interface_name(index: int) -> str:
    """Return the name of an interface as Nitro machines have it: ens5, ens6..."""
    return f"ens{5 + index}"


def injected_files(instance: Instance) -> tuple[Injected, ...]:
    """Return the files of an instance, whatever the pod network."""
    return (
        Injected(f"{LIBRARY}/hypervisor-uuid", f"{hypervisor_uuid(instance.identity)}\n"),
        Injected(f"{LIBRARY}/memory-mib", f"{instance.memory_mib}\n"),
        _program("early.sh"),
        _program("containerd-settings.sh"),
        _program("import-images.sh"),
        _program("runc.sh"),
        Injected("/usr/lib/systemd/system-shutdown/rehearsal", _inside("shutdown.sh"), executable=True),
        Injected(f"{_UNITS}/rehearsal-early.service", _inside("early.service")),
        Injected(f"{_UNITS}/rehearsal-images.service", _inside("images.service")),
        Injected(f"{_UNITS}/containerd.service.d/90-rehearsal.conf", _inside("containerd.conf")),
        # It starts without the right to set the clock, and follows the time server without setting it.
        Injected(f"{_UNITS}/chrony.service.d/90-rehearsal.conf", "[Unit]\nConditionCapability=\n"),
        Injected("/etc/kubernetes/kubelet.conf.d/90-rehearsal.conf", _inside("kubelet.conf")),
        Injected("/etc/cloud/cloud.cfg.d/95-rehearsal.cfg", _inside("cloud.cfg")),
        Injected("/etc/cloud/ds-identify.cfg", "policy: enabled\n"),
        Injected("/etc/default/chrony", 'DAEMON_OPTS="-F 1 -x"\n'),
        Injected(f"{_UNITS}/rehearsal-kube-proxy.service", _inside("kube-proxy.service")),
        Injected(f"{_UNITS}/rehearsal-kube-proxy.path", _inside("kube-proxy.path")),
        Injected(f"{_UNITS}/rehearsal-csi.service", _inside("csi.service").replace("@NODE@", instance.identity)),
        Injected(f"{_UNITS}/rehearsal-netpol.service", _inside("netpol.service").replace("@NODE@", instance.identity)),
        network_file(instance.primary),
    )


def network_files(instance: Instance, pods: IPv4Network, pod_range: IPv4Network) -> tuple[Injected, ...]:
    """Return the files of the stand-in for the pod network: pods have addresses of `pods`, out of all pods' range."""
    return (
        Injected("/etc/cni/net.d/90-rehearsal-stand-in.conflist", pod_network.configuration(pods)),
        Injected("/etc/rehearsal/kube-proxy.yaml", proxy_configuration(instance.identity, pod_range)),
    )


def image_network_file() -> Injected:
    """Return what netplan makes, on Debian's cloud image, of the image's own file: all that is called so gets DHCP."""
    lines = [
        "[Match]",
        "Name=en*",
        "[Link]",
        "RequiredForOnline=no",
        "[Network]",
        "DHCP=ipv4",
        "LinkLocalAddressing=no",
    ]
    return Injected("/etc/systemd/network/10-netplan-all-en.network", "\n".join(lines) + "\n")


def proxy_configuration(node: str, pod_range: IPv4Network) -> str:
    """Return kube-proxy's configuration on a node: it speaks to the API as the node's own kubelet."""
    document = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": "/var/lib/kubelet/kubeconfig"},
        "clusterCIDR": str(pod_range),
        # The table of connections is this computer's: its size is not a machine's to set.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "hostnameOverride": node,
        "mode": "iptables",
    }
    return json.dumps(document, indent=1) + "\n"


def network_file(interface: Interface) -> Injected:
    """Return networkd's configuration of an interface: what DHCP gives it on EC2."""
    name = interface_name(interface.index)
    lines = [
        "[Match]",
        f"MACAddress={interface.mac}",
        "[Network]",
        f"Address={interface.address}/{interface.network.prefixlen}",
        f"DNS={resolver.ADDRESS}",
        "LinkLocalAddressing=no",
        "IPv6AcceptRA=no",
        # Asked for by nobody, waited for by cloud-init when it looks for resolvers that answer everything.
        "LLMNR=no",
        "MulticastDNS=no",
        "[Route]",
        f"Gateway={interface.router}",
        # As Debian's image does for further interfaces: a higher metric than the first.
        f"Metric={100 + interface.index * 100}",
    ]
    return Injected(f"/etc/systemd/network/10-{name}.network", "\n".join(lines) + "\n")


def hypervisor_uuid(instance: str) -> str:
    """Return a UUID as an EC2 machine has it: it begins with `ec2` (EC2 User Guide, "Identify EC2 instances")."""
    return "ec2" + str(uuid.uuid5(uuid.NAMESPACE_OID, instance))[3:]


MASKED: Final = {
    "systemd-firstboot.service": "asks at a console that nobody sits at",
    "nvmf-autoconnect.service": "loads a kernel module",
}
"""Units of the distribution that cannot work in a container, and what they do."""


def write(tree: Path, injected: tuple[Injected, ...], authority: str) -> None:
    """Write the files into a machine's tree, and make it trust an authority."""
    for each in injected:
        path = tree / each.path.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(each.content)
        path.chmod(0o755 if each.executable else 0o644)
    for target, unit in (
        ("sysinit", "rehearsal-early.service"),
        ("multi-user", "rehearsal-kube-proxy.path"),
        ("multi-user", "rehearsal-csi.service"),
        ("multi-user", "rehearsal-netpol.service"),
    ):
        _link(tree / f"{_UNITS.lstrip('/')}/{target}.target.wants/{unit}", f"{_UNITS}/{unit}")
    for unit in MASKED:
        _link(tree / _UNITS.lstrip("/") / unit, "/dev/null")
    (tree / "usr/local/share/ca-certificates/rehearsal.crt").write_text(authority)
    bundle = tree / _TRUSTED
    trusted = bundle.read_text()
    if authority not in trusted:
        bundle.write_text(f"{trusted}\n{authority}")


def _link(path: Path, target: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def _program(name: str) -> Injected:
    return Injected(f"{LIBRARY}/{name}", _inside(name), executable=True)


def _inside(name: str) -> str:
    return files("rehearsal.machines").joinpath("inside", name).read_text(encoding="utf-8")
