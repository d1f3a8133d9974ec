"""Each scalar's rule: what is refused, with which words, and what is just accepted."""

from __future__ import annotations

from typing import Any

import pytest

from infra.spec.scalars import duration_seconds
from tests.infra.samples import sample_mapping
from tests.infra.spec.reports import GROUP, report, with_fourth

NOT_A_LABEL = (
    "is not a DNS label. Fix: use at most 63 lower-case letters, digits and hyphens, beginning and ending with a "
    "letter or digit."
)
NOT_A_BUCKET = (
    "is not a valid S3 bucket name. Fix: use 3 to 63 lower-case letters, digits and hyphens, beginning and ending "
    "with a letter or digit."
)
KEPT_BY_S3 = "uses a prefix or suffix that S3 keeps for itself. Fix: choose another name."
NOT_AN_ACCOUNT = 'is not an AWS account ID. Fix: write the 12 digits in quotes, as "111122223333".'
NOT_A_REGION = "is not an AWS region name. Fix: write a region such as eu-central-1."
NOT_A_CLUSTER = (
    "is not a DNS name. Fix: join labels of at most 63 lower-case letters, digits and hyphens by dots, as "
    "prod.k8s.example.com."
)
NOT_A_VERSION = 'is not a full Kubernetes version. Fix: write major.minor.patch without a "v", as 1.37.2.'
TOO_OLD = "is older than what clusters are set up for. Fix: write 1.34.0 or newer."
TOO_NEW = "is newer than what this release of Slipway was tried with. Fix: write 1.37.x, or take a newer release."
NOT_A_NETWORK = "is not an IPv4 network. Fix: write an address and a prefix length, as 10.20.0.0/16."
NOT_PRIVATE = (
    "is not in a private range. Fix: take a block of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 (RFC 1918) or "
    "100.64.0.0/10 (RFC 6598)."
)
NOT_A_ZONE = (
    "is not a standard availability zone (region plus one letter from a to f). Fix: write a zone such as "
    "eu-central-1a; Local and Wavelength Zones are not supported."
)
NOT_A_TYPE = "is not an EC2 instance type. Fix: write family.size, as m7i.large."
NOT_AN_IMAGE = (
    "is not an image reference. Fix: write an AMI ID (ami-0abc...), an SSM parameter (ssm:/aws/service/...) or "
    "owner/name (136693071363/debian-12-amd64-*)."
)
NOT_A_DURATION = "is not a duration. Fix: write a whole number and a unit (s, m, h or d), as 720h or 30d."
NOT_A_GROUP_ID = "is not a security group ID. Fix: write the ID as EC2 shows it, as sg-0123456789abcdef0."
NOT_A_TARGET_GROUP = "is not the ARN of a target group. Fix: copy the target group's ARN from ELB."
NOT_A_POLICY = "is not the ARN of an IAM policy. Fix: write it as arn:aws:iam::111122223333:policy/name."
NOT_A_DEVICE = "is not a device name EC2 offers for EBS volumes. Fix: use /dev/sdf to /dev/sdp."
ROOT_DEVICE = "is the device of the root volume. Fix: use /dev/sdf to /dev/sdp."
NOT_A_PATH = "is not an absolute path in its plain form. Fix: write it as /var/lib/data."
ROOT_PATH = "is where the root volume is mounted. Fix: write another path, as /var/lib/data."
NOT_A_PATTERN = (
    "is not a pattern of instance types. Fix: write at most 30 characters such as m7i.large, m7* or *.metal."
)
ARABIC_ONE = "\u0661"
"""A digit to `\\d` and to int(), and to no service."""


def nested(path: str, value: Any) -> dict[str, Any]:
    """Return the mapping that has ``value`` at the dotted ``path``."""
    for key in reversed(path.split(".")):
        value = {key: value}
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        *(
            ("accountId", v, NOT_AN_ACCOUNT)
            for v in ("", "11112222333", "1111222233334", "11112222333a", ARABIC_ONE * 12)
        ),
        ("accountId", "111122223333\n", NOT_AN_ACCOUNT),
        *(("state.bucket", v, NOT_A_BUCKET) for v in ("ab", "a" * 64, "Acme", "a_b", "-ab", "ab-", "a..b", "acme\n")),
        (
            "state.bucket",
            "a.b.c",
            "has a dot, which breaks TLS to virtual-hosted buckets, and this bucket accepts nothing but TLS. "
            "Fix: write it with hyphens: a-b-c.",
        ),
        *(("state.bucket", v, KEPT_BY_S3) for v in ("xn--a", "sthree-a", "amzn-s3-demo-a")),
        *(("state.bucket", v, KEPT_BY_S3) for v in ("a-s3alias", "a--ol-s3", "a--x-s3", "a--table-s3")),
        *(("cluster.name", v, NOT_A_CLUSTER) for v in ("", "A", "a..b", ".a", "a.", "-a.b", "a_b", "a.b-", "x" * 64)),
        *(("cluster.kubernetesVersion", v, NOT_A_VERSION) for v in ("1.37", "v1.37.2", "1.37.2-rc.1", "1.037.2", "")),
        ("cluster.kubernetesVersion", "1.37." + ARABIC_ONE, NOT_A_VERSION),
        *(("cluster.kubernetesVersion", v, TOO_OLD) for v in ("1.33.15", "0.99.0", "1.3.7")),
        *(("cluster.kubernetesVersion", v, TOO_NEW) for v in ("1.38.0", "2.0.0")),
        *(("cluster.podCidr", v, NOT_A_NETWORK) for v in ("", "10.0.0.0/33", "fd00::/64", "10.0.0/8", "10.0.0.256/32")),
        (
            "cluster.podCidr",
            "100.96.0.1/11",
            "has address bits set beyond its prefix length. Fix: write 100.96.0.0/11.",
        ),
        ("cluster.serviceCidr", "10.9.8.7", "has address bits set beyond its prefix length. Fix: write 10.9.8.7/32."),
        ("network.cidr", "10.20.5.0/16", "has address bits set beyond its prefix length. Fix: write 10.20.0.0/16."),
        ("network.cidr", "ten", NOT_A_NETWORK),
        *(
            ("network.cidr", v, NOT_PRIVATE)
            for v in ("8.8.0.0/16", "172.32.0.0/16", "192.169.0.0/16", "100.128.0.0/16")
        ),
        ("cluster.iam.permissionsBoundary", "arn:aws:iam::111122223333:role/x", NOT_A_POLICY),
        ("cluster.iam.permissionsBoundary", "x arn:aws:iam::aws:policy/x", NOT_A_POLICY),
    ],
)
def test_a_bad_scalar_of_the_environment(path: str, value: str, words: str) -> None:
    assert report(sample_mapping(**nested(path, value))) == [f"{path}: {value!r} {words}"]


@pytest.mark.parametrize(
    "value", ["", "eu-central", "eu_central_1", "EU-CENTRAL-1", "eu-central-1a", "eu-central-" + ARABIC_ONE]
)
def test_a_bad_region(value: str) -> None:
    assert report(sample_mapping(region=value)) == [f"region: {value!r} {NOT_A_REGION}"]


@pytest.mark.parametrize("value", ["", "eu-central-1", "eu-central-1g", "eu-central-1-muc-1a", "Eu-central-1a"])
def test_a_bad_zone(value: str) -> None:
    raw = sample_mapping(network={"zones": ["eu-central-1a", value]})
    assert report(raw) == [f"network.zones[1]: {value!r} {NOT_A_ZONE}"]


@pytest.mark.parametrize("value", ["", "Web", "web.x", "-web", "web-", "x" * 64, "web\n"])
def test_a_bad_label(value: str) -> None:
    raw = sample_mapping(cluster={"namespaces": [{"name": value}]})
    assert report(raw) == [f"cluster.namespaces[0].name: {value!r} {NOT_A_LABEL}"]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        *(("name", v, NOT_A_LABEL) for v in ("", "Nodes", "no_des", "nodes-")),
        ("renamedFrom", "Nodes", NOT_A_LABEL),
        *(
            ("machineType", v, NOT_A_TYPE)
            for v in ("", "m7i", "m7i.", ".large", "M7i.large", "m7i.large; reboot", "7m.x")
        ),
        *(("image", v, NOT_AN_IMAGE) for v in ("", "ami-xyz", "ami-0123", "ssm:aws", "debian-12", "amazon/", "a b/c")),
        *(
            ("maxInstanceLifetime", v, NOT_A_DURATION)
            for v in ("", "30", "30 d", "-1d", "1.5d", "1w", ARABIC_ONE + "d")
        ),
        ("drainTimeout", "soon", NOT_A_DURATION),
    ],
)
def test_a_bad_scalar_of_a_group(key: str, value: str, words: str) -> None:
    assert report(with_fourth(**{key: value})) == [f"{GROUP}.{key}: {value!r} {words}"]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        *(("additionalSecurityGroups", v, NOT_A_GROUP_ID) for v in ("sg-1", "web", "sg-0123456789ABCDEF0")),
        ("targetGroups", "web", NOT_A_TARGET_GROUP),
        ("targetGroups", "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/web/0", NOT_A_TARGET_GROUP),
    ],
)
def test_a_bad_item_of_a_group(key: str, value: str, words: str) -> None:
    assert report(with_fourth(**{key: [value]})) == [f"{GROUP}.{key}[0]: {value!r} {words}"]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        *(("device", v, ROOT_DEVICE) for v in ("/dev/sda", "/dev/sda1", "/dev/xvda")),
        *(("device", v, NOT_A_DEVICE) for v in ("sdf", "/dev/sdq", "/dev/sdf1", "/dev/nvme1n1", "/dev/xvdf")),
        *(
            ("mountPath", v, ROOT_PATH if v == "/" else NOT_A_PATH)
            for v in ("", "/", "data", "/data/", "//data", "/a/../b", "/a/./b", "/a b", "/ä")
        ),
    ],
)
def test_a_bad_scalar_of_a_volume(key: str, value: str, words: str) -> None:
    volume = {"device": "/dev/sdf", "mountPath": "/srv/data", "sizeGi": 10, key: value}
    assert report(with_fourth(volumes=[volume])) == [f"{GROUP}.volumes[0].{key}: {value!r} {words}"]


@pytest.mark.parametrize("value", ["", "m7 *", "x" * 31, "m7,m8", "[m7]*"])
def test_a_bad_pattern_of_types(value: str) -> None:
    needs = {"cpu": {"min": 1}, "memoryMi": {"min": 1}, "allowedInstanceTypes": ["m7*", value]}
    raw = with_fourth(machineType=None, mixedInstancesPolicy={"instanceRequirements": needs})
    path = f"{GROUP}.mixedInstancesPolicy.instanceRequirements.allowedInstanceTypes[1]"
    assert report(raw) == [f"{path}: {value!r} {NOT_A_PATTERN}"]


@pytest.mark.parametrize(
    "raw",
    [
        *(
            sample_mapping(state={"bucket": v, "issuerBucket": "acme-issuer"})
            for v in ("abc", "a" * 63, "0-0", "my-s3aliases")
        ),
        *(sample_mapping(cluster={"name": v}) for v in ("a", "0.1", "a" * 48, "a-b.c--d")),
        *(sample_mapping(cluster={"kubernetesVersion": v}) for v in ("1.34.0", "1.37.100")),
        *(sample_mapping(network={"cidr": v}) for v in ("10.0.0.0/16", "172.31.0.0/16", "192.168.252.0/22")),
        sample_mapping(network={"cidr": "100.72.0.0/16"}),
        sample_mapping(
            region="us-gov-west-1",
            network={"zones": ["us-gov-west-1a", "us-gov-west-1f"]},
            instanceGroups=[{"name": "a", "role": "ControlPlane", "zones": ["us-gov-west-1f"]}],
        ),
        sample_mapping(cluster={"iam": {"permissionsBoundary": "arn:aws:iam::aws:policy/path/AdminAccess"}}),
        *(with_fourth(name=v) for v in ("0", "x" * 47, "a--b")),
        *(with_fourth(machineType=v) for v in ("u-6tb1.metal", "m7i-flex.large", "x2iedn.32xlarge")),
        *(with_fourth(image=v) for v in ("ami-01234567", "ami-0123456789abcdef0", "ssm:/a/b.c_d-e", "self/x*")),
        *(with_fourth(image=v) for v in ("136693071363/debian-12-amd64-*", "aws-marketplace/x", "amazon/al2023-*")),
        *(with_fourth(volumes=[{"device": v, "mountPath": "/data", "sizeGi": 1}]) for v in ("/dev/sdb", "/dev/xvdbz")),
        *(with_fourth(volumes=[{"device": "/dev/sdp", "mountPath": v, "sizeGi": 1}]) for v in ("/a", "/a.b/_c/-d")),
    ],
)
def test_what_is_just_good_is_accepted(raw: dict[str, Any]) -> None:
    assert report(raw) == []


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("45s", 45), ("2m", 120), ("720h", 2_592_000), ("30d", 2_592_000)]
)
def test_durations_in_seconds(text: str, seconds: int) -> None:
    assert duration_seconds(text) == seconds


def test_a_duration_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^'3 weeks' is not a duration$"):
        duration_seconds("3 weeks")


def test_the_stacks_own_name() -> None:
    assert report(sample_mapping(), "Dev_1") == [f"the name of the stack, 'Dev_1', {NOT_A_LABEL}"]
    assert report(sample_mapping(), "d" * 63) == []
