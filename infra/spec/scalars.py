"""Scalar types of the spec, each with the rule that AWS or Kubernetes sets for it."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from infra.spec.base import checked, described, matching, refuse

_BUCKET = re.compile(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
_REGION = r"^([a-z]{2}|eusc)(-[a-z]+)+-[0-9]$"
_ZONE = r"^([a-z]{2}|eusc)(-[a-z]+)+-[0-9][a-f]$"
_DNS_LABEL = re.compile(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")
_VERSION = re.compile(r"^(0|[1-9][0-9]{0,5})(\.(0|[1-9][0-9]{0,5})){2}$")
_DURATION = re.compile(r"^([0-9]{1,9})(s|m|h|d)$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_MACHINE_TYPE = r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$"
_IMAGE = r"^(ami-[0-9a-f]{8,17}|ssm:/[A-Za-z0-9_./-]+|([0-9]{12}|amazon|aws-marketplace|self)/\S+)$"
_SECURITY_GROUP = r"^sg-[0-9a-f]{8,17}$"
_TARGET_GROUP = r"^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:targetgroup/[A-Za-z0-9-]+/[0-9a-f]+$"
_POLICY = r"^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9_+=,.@/-]+$"
_VPC = r"^vpc-[0-9a-f]{8,17}$"
_SUBNET = r"^subnet-[0-9a-f]{8,17}$"
_INTERNET_GATEWAY = r"^igw-[0-9a-f]{8,17}$"
_ALLOCATION = r"^eipalloc-[0-9a-f]{8,17}$"
_HOSTED_ZONE = r"^Z[A-Z0-9]{7,31}$"
_TYPE_PATTERN = r"^[A-Za-z0-9.*-]{1,30}$"


OLDEST_KUBERNETES = (1, 34, 0)
"""First version whose API server reads an AuthenticationConfiguration of v1 (Kubernetes documentation,
"Authenticating")."""

NEWEST_KUBERNETES_MINOR = (1, 37)
"""Newest version that add-ons and templates were tried with; kops, too, refuses what it does not know."""


def _account_id(value: str) -> str:
    if not re.fullmatch(r"[0-9]{12}", value):
        refuse("is not an AWS account ID", 'write the 12 digits in quotes, as "111122223333"')
    return value


def _bucket(value: str) -> str:
    if not _BUCKET.fullmatch(value) or ".." in value:
        refuse(
            "is not a valid S3 bucket name",
            "use 3 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit",
        )
    if "." in value:
        refuse(
            "has a dot, which breaks TLS to virtual-hosted buckets, and this bucket accepts nothing but TLS",
            f"write it with hyphens: {value.replace('.', '-')}",
        )
    if value.startswith(("xn--", "sthree-", "amzn-s3-demo-")) or value.endswith(
        ("-s3alias", "--ol-s3", "--x-s3", "--table-s3")
    ):
        refuse("uses a prefix or suffix that S3 keeps for itself", "choose another name")
    return value


def _dns_label(value: str) -> str:
    if len(value) > 63 or not _DNS_LABEL.fullmatch(value):
        refuse(
            "is not a DNS label",
            "use at most 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit",
        )
    return value


def _cluster_name(value: str) -> str:
    labels = value.split(".")
    if not all(len(label) <= 63 and _DNS_LABEL.fullmatch(label) for label in labels):
        refuse(
            "is not a DNS name",
            "join labels of at most 63 lower-case letters, digits and hyphens by dots, as prod.k8s.example.com",
        )
    return value


def _version(value: str) -> str:
    if not _VERSION.fullmatch(value):
        refuse("is not a full Kubernetes version", 'write major.minor.patch without a "v", as 1.37.2')
    if tuple(map(int, value.split("."))) < OLDEST_KUBERNETES:
        refuse("is older than what clusters are set up for", f"write {'.'.join(map(str, OLDEST_KUBERNETES))} or newer")
    if tuple(map(int, value.split(".")[:2])) > NEWEST_KUBERNETES_MINOR:
        newest = ".".join(map(str, NEWEST_KUBERNETES_MINOR))
        refuse(
            "is newer than what this release of Slipway was tried with", f"write {newest}.x, or take a newer release"
        )
    return value


def _network(value: str) -> str:
    try:
        network = ipaddress.IPv4Network(value, strict=False)
    except ValueError:
        refuse("is not an IPv4 network", "write an address and a prefix length, as 10.20.0.0/16")
    if str(network) != value:
        refuse("has address bits set beyond its prefix length", f"write {network}")
    return value


def is_private(network: str) -> bool:
    """Return whether an IPv4 block lies in a private range (RFC 1918, RFC 6598), none of which the internet routes."""
    ranges = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
    return any(ipaddress.IPv4Network(network).subnet_of(ipaddress.IPv4Network(block)) for block in ranges)


def _private_network(value: str) -> str:
    _network(value)
    if not is_private(value):
        refuse(
            "is not in a private range",
            "take a block of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 (RFC 1918) or 100.64.0.0/10 (RFC 6598)",
        )
    return value


def duration_seconds(value: str) -> int:
    """Return the length in seconds of a spec duration such as ``720h`` or ``30d``."""
    match = _DURATION.fullmatch(value)
    if match is None:
        raise ValueError(f"{value!r} is not a duration")
    return int(match.group(1)) * _SECONDS[match.group(2)]


def _address(value: str) -> str:
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        refuse("is not an IPv4 address", "write four numbers from 0 to 255, as 10.1.2.3")
    return value


_LABEL_FORM = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NETWORK_FORM = matching(r"^([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}$")

AccountId = Annotated[str, checked(_account_id), matching("^[0-9]{12}$")]
BucketName = Annotated[str, checked(_bucket), matching("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$")]
Region = Annotated[
    str,
    described(_REGION, "is not an AWS region name", "write a region such as eu-central-1"),
]
Zone = Annotated[
    str,
    described(
        _ZONE,
        "is not a standard availability zone (region plus one letter from a to f)",
        "write a zone such as eu-central-1a; Local and Wavelength Zones are not supported",
    ),
]
DnsLabel = Annotated[str, checked(_dns_label), matching(f"^{_LABEL_FORM}$")]
ClusterName = Annotated[str, checked(_cluster_name), matching(rf"^{_LABEL_FORM}(\.{_LABEL_FORM})*$")]
KubernetesVersion = Annotated[str, checked(_version), matching(_VERSION.pattern)]
Network = Annotated[str, checked(_network), _NETWORK_FORM]
PrivateNetwork = Annotated[str, checked(_private_network), _NETWORK_FORM]
MachineTypePattern = Annotated[
    str,
    described(
        _TYPE_PATTERN,
        "is not a pattern of instance types",
        "write at most 30 characters such as m7i.large, m7* or *.metal",
    ),
]
MachineType = Annotated[
    str,
    described(_MACHINE_TYPE, "is not an EC2 instance type", "write family.size, as m7i.large"),
]
Image = Annotated[
    str,
    described(
        _IMAGE,
        "is not an image reference",
        "write an AMI ID (ami-0abc...), an SSM parameter (ssm:/aws/service/...) or owner/name "
        "(136693071363/debian-12-amd64-*)",
    ),
]
Duration = Annotated[
    str,
    described(_DURATION.pattern, "is not a duration", "write a whole number and a unit (s, m, h or d), as 720h or 30d"),
]
SecurityGroupId = Annotated[
    str,
    described(_SECURITY_GROUP, "is not a security group ID", "write the ID as EC2 shows it, as sg-0123456789abcdef0"),
]
TargetGroupArn = Annotated[
    str,
    described(_TARGET_GROUP, "is not the ARN of a target group", "copy the target group's ARN from ELB"),
]
PolicyArn = Annotated[
    str,
    described(_POLICY, "is not the ARN of an IAM policy", "write it as arn:aws:iam::111122223333:policy/name"),
]
VpcId = Annotated[
    str,
    described(_VPC, "is not the ID of a VPC", "write the ID as EC2 shows it, as vpc-0123456789abcdef0"),
]
SubnetId = Annotated[
    str,
    described(_SUBNET, "is not the ID of a subnet", "write the ID as EC2 shows it, as subnet-0123456789abcdef0"),
]
InternetGatewayId = Annotated[
    str,
    described(
        _INTERNET_GATEWAY,
        "is not the ID of an internet gateway",
        "write the ID as EC2 shows it, as igw-0123456789abcdef0",
    ),
]
AllocationId = Annotated[
    str,
    described(
        _ALLOCATION,
        "is not the ID of an Elastic IP address",
        "write its allocation ID as EC2 shows it, as eipalloc-0123456789abcdef0",
    ),
]
Address = Annotated[str, checked(_address), matching(r"^([0-9]{1,3}\.){3}[0-9]{1,3}$")]
HostedZoneId = Annotated[
    str,
    described(
        _HOSTED_ZONE, "is not the ID of a hosted zone", "write the ID as Route 53 shows it, as Z0123456789ABCDEFGHIJ"
    ),
]


def _url_path(value: str) -> str:
    if not re.fullmatch(_URL_PATH, value):
        refuse("is not a path of a URL", "begin it with /, without spaces, as /healthz")
    return value


_URL_PATH = r"^/\S*$"
UrlPath = Annotated[str, checked(_url_path), matching(_URL_PATH)]
"""Path of a URL, without the host before it."""


def _route_path(value: str) -> str:
    _url_path(value)
    if "*" in value:
        whole = value.partition("*")[0].rstrip("/") or "/"
        refuse("has a wildcard, and a path covers all below it without one", f"write {whole}")
    if len(value) > LONGEST_ROUTE_PATH:
        refuse(f"is longer than the {LONGEST_ROUTE_PATH} characters that the router takes", "write a shorter one")
    if found := _NO_ROUTE_PATH.search(value):
        refuse(f"has {found[0]!r}, which the router takes in no path", "remove it")
    return value


LONGEST_ROUTE_PATH = 512
_ROUTE_PATH_CHARACTERS = r"-A-Za-z0-9/._~!$&'()+,;=:@"
_NO_ROUTE_PATH = re.compile(rf"//|/\.\.?/|/\.\.?$|%2[fF]|%(?![0-9a-fA-F]{{2}})|[^{_ROUTE_PATH_CHARACTERS}%]")
RoutePath = Annotated[
    str,
    checked(_route_path),
    matching(rf"^/[{_ROUTE_PATH_CHARACTERS}%]{{0,{LONGEST_ROUTE_PATH - 1}}}$"),
]
"""Prefix of paths of a URL, in the form that an HTTPRoute takes (Gateway API v1, HTTPPathMatch)."""
