"""A member takes over its address and its volume, against EC2 and S3 as moto has them."""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.templates.control_plane.member import STATE_NEW, Member, network_unit

REGION = "eu-central-1"
TAGS = {"KubernetesCluster": "test.example.com", "slipway/member": "control-plane-a"}
CONFIG: dict[str, Any] = {
    "name": "control-plane-a",
    "address": "10.20.32.10",
    "prefixLength": 19,
    "gateway": "10.20.32.1",
    "pods": "100.96.0.0/11",
    "device": "/dev/sdp",
    "tags": TAGS,
    "bucket": "acme-slipway-test",
    "pki": "test.example.com/pki/",
    "running": "test.example.com/running/control-plane-a.json",
    "version": "1.37.2",
    "secretsEncryption": "secretbox",
    "marker": "test.example.com/backups/etcd/members/control-plane-a",
}


class Cloud:
    """An account with a member's interface and volume, and machines to hold them."""

    def __init__(self) -> None:
        self.ec2 = boto3.client("ec2", region_name=REGION)
        self.s3 = boto3.client("s3", region_name=REGION)
        self.s3.create_bucket(Bucket=CONFIG["bucket"], CreateBucketConfiguration={"LocationConstraint": REGION})
        tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
        subnet = self.ec2.describe_subnets()["Subnets"][0]
        self.interface = self.ec2.create_network_interface(
            SubnetId=subnet["SubnetId"], TagSpecifications=[{"ResourceType": "network-interface", "Tags": tags}]
        )["NetworkInterface"]
        self.volume = self.ec2.create_volume(
            Size=20,
            AvailabilityZone=subnet["AvailabilityZone"],
            TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
        )["VolumeId"]
        self.machines = [self._machine(subnet["SubnetId"]) for _ in range(2)]

    def _machine(self, subnet: str) -> str:
        image = self.ec2.describe_images()["Images"][0]["ImageId"]
        made = self.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet)
        return str(made["Instances"][0]["InstanceId"])

    def let_go(self) -> None:
        """Detach both, as EC2 does when the machine that holds them ends."""
        found = self.ec2.describe_network_interfaces(NetworkInterfaceIds=[self.interface["NetworkInterfaceId"]])
        (interface,) = found["NetworkInterfaces"]
        self.ec2.detach_network_interface(AttachmentId=interface["Attachment"]["AttachmentId"], Force=True)
        self.ec2.detach_volume(VolumeId=self.volume, InstanceId=self.machines[0])

    def holder_of_volume(self) -> str:
        (volume,) = self.ec2.describe_volumes(VolumeIds=[self.volume])["Volumes"]
        return str(volume["Attachments"][0]["InstanceId"])


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with mock_aws():
        yield Cloud()


def member(instance: str, pause: Any = lambda _: None) -> Member:
    return Member(CONFIG, instance, REGION, pause)


def test_a_new_member_takes_its_address_and_volume(cloud: Cloud) -> None:
    first = member(cloud.machines[0])
    assert first.take_interface() == cloud.interface["MacAddress"]
    first.take_volume()
    assert cloud.holder_of_volume() == cloud.machines[0]
    # A reboot finds both where they are.
    assert first.take_interface() == cloud.interface["MacAddress"]
    first.take_volume()


def test_the_machine_after_waits_until_the_one_before_has_let_go(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    first = member(cloud.machines[0])
    first.take_interface()
    first.take_volume()
    waited: list[float] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            cloud.let_go()

    second = member(cloud.machines[1], pause)
    second.take_interface()
    second.take_volume()
    assert cloud.holder_of_volume() == cloud.machines[1]
    assert waited[:3] == [5, 5, 5]
    said = capsys.readouterr().out.splitlines()
    expected = f"member: {cloud.interface['NetworkInterfaceId']} is still at {cloud.machines[0]}; looking again in 5 s"
    assert said[:3] == [expected] * 3


def test_nothing_is_taken_by_force(cloud: Cloud) -> None:
    first = member(cloud.machines[0])
    first.take_volume()

    class EnoughError(Exception):
        pass

    def pause(seconds: float) -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        member(cloud.machines[1], pause).take_volume()
    assert cloud.holder_of_volume() == cloud.machines[0]


def test_the_certificates_of_the_cluster_are_fetched_whole_and_private(cloud: Cloud, tmp_path: Path) -> None:
    files = {"ca.crt": b"ca", "ca.key": b"key", "etcd/ca.crt": b"etcd"}
    for path, content in files.items():
        cloud.s3.put_object(Bucket=CONFIG["bucket"], Key=f"test.example.com/pki/{path}", Body=content)
    cloud.s3.put_object(Bucket=CONFIG["bucket"], Key="test.example.com/config", Body=b"not this")
    member(cloud.machines[0]).fetch_pki(tmp_path)
    written = {str(path.relative_to(tmp_path)): path for path in tmp_path.rglob("*") if path.is_file()}
    assert {name: path.read_bytes() for name, path in written.items()} == files
    assert {path.stat().st_mode & 0o777 for path in written.values()} == {0o600}


def key_of(authority: bytes) -> str:
    return f"{CONFIG['marker']}-{hashlib.sha256(authority).hexdigest()[:12]}.json"


def test_a_member_writes_down_that_it_has_had_data(cloud: Cloud, tmp_path: Path) -> None:
    one = member(cloud.machines[0])
    one.refuse_lost_data(tmp_path, b"authority")
    assert "Contents" not in cloud.s3.list_objects_v2(Bucket=CONFIG["bucket"])
    (tmp_path / "member").mkdir()
    one.refuse_lost_data(tmp_path, b"authority")
    (found,) = cloud.s3.list_objects_v2(Bucket=CONFIG["bucket"])["Contents"]
    assert found["Key"] == key_of(b"authority")


def test_a_member_notes_what_it_runs(cloud: Cloud) -> None:
    member(cloud.machines[0]).note_version()
    found = cloud.s3.get_object(Bucket=CONFIG["bucket"], Key="test.example.com/running/control-plane-a.json")
    assert json.loads(found["Body"].read()) == {"kubernetesVersion": "1.37.2", "secretsEncryption": "secretbox"}
    # Of a binary one the provider gives the program no content, and the next upgrade would fail over that.
    assert found["ContentType"] == "application/json"


def test_a_note_that_cannot_be_written_stops_no_member(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.s3.delete_bucket(Bucket=CONFIG["bucket"])
    member(cloud.machines[0]).note_version()
    assert "member: cannot note the version: " in capsys.readouterr().out


def test_a_volume_that_lost_its_data_stops_the_member(cloud: Cloud, tmp_path: Path) -> None:
    cloud.s3.put_object(Bucket=CONFIG["bucket"], Key=key_of(b"authority"), Body=b"{}")
    with pytest.raises(SystemExit) as caught:
        member(cloud.machines[0]).refuse_lost_data(tmp_path, b"authority")
    assert str(caught.value) == (
        f"member: the etcd volume of control-plane-a is empty, and s3://acme-slipway-test/{key_of(b'authority')} "
        f"says that "
        "it was not. docs/restore-etcd.md says how to replace a member or restore a snapshot."
    )
    # A cluster made anew under the same name has another authority, and begins with nothing.
    member(cloud.machines[0]).refuse_lost_data(tmp_path, b"another")


PEERS = {name: f"https://10.20.{number}.10:2380" for name, number in (("a", 32), ("b", 64), ("c", 96))}
STATIC = ",".join(f"{name}={url}" for name, url in PEERS.items())


def beginner(cloud: Cloud, name: str, members: list[dict[str, Any]] | None, monkeypatch: pytest.MonkeyPatch) -> Member:
    """A member without data, and what the running ones tell it."""
    config = {**CONFIG, "name": name, "peerUrl": PEERS[name], "initialCluster": STATIC}
    config["marker"] = f"test.example.com/backups/etcd/members/{name}"
    made = Member(config, cloud.machines[0], REGION, lambda _: None)
    monkeypatch.setattr(made, "running", lambda _: members)
    return made


def peer(name: str, *, started: bool = True) -> dict[str, Any]:
    return {"id": 7, "peerURLs": [PEERS[name]], **({"name": name} if started else {"name": ""})}


@pytest.fixture
def pki(tmp_path: Path) -> Path:
    (tmp_path / "etcd").mkdir()
    (tmp_path / "etcd/ca.crt").write_bytes(b"authority")
    return tmp_path


def test_without_the_members_address_nobody_can_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssl.create_default_context", lambda **_: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    monkeypatch.setattr("ssl.SSLContext.load_cert_chain", lambda *_: None)
    config = {**CONFIG, "peerUrl": "https://b:2380", "initialCluster": "a=https://127.0.0.1:9,b=https://b:2380"}
    with mock_aws():
        nobody = Member({**config, "address": "127.0.0.1"}, "i-1", REGION)
        assert nobody.running(tmp_path) is None
        # TEST-NET-1, of which no machine has an address.
        with pytest.raises(OSError, match="Cannot assign requested address"):
            Member({**config, "address": "192.0.2.1"}, "i-1", REGION).running(tmp_path)


def test_members_of_a_new_cluster_begin_as_the_plan_says(
    cloud: Cloud, pki: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert beginner(cloud, "b", None, monkeypatch).beginning(pki) == {}
    assert beginner(cloud, "b", [peer("a"), peer("b"), peer("c")], monkeypatch).beginning(pki) == {}


def test_a_member_that_the_running_ones_do_not_know_does_not_begin(
    cloud: Cloud, pki: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit) as caught:
        beginner(cloud, "b", [peer("a")], monkeypatch).beginning(pki)
    assert str(caught.value) == (
        "member: etcd runs and does not know b. docs/restore-etcd.md says how to add it: "
        "etcdctl member add b --learner --peer-urls=https://10.20.64.10:2380"
    )


def test_a_member_that_was_added_joins_those_that_run(cloud: Cloud, pki: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from infra.plan.control_plane.kubeadm import kubeadm_documents
    from infra.plan.control_plane.members import initial_cluster, plan_members
    from tests.infra.samples import sample_spec

    found = beginner(cloud, "b", [peer("a"), peer("b", started=False)], monkeypatch).beginning(pki)
    assert found[STATIC] == f"a={PEERS['a']},b={PEERS['b']}"
    # Another that was added and has not begun counts, too.
    both = beginner(cloud, "c", [peer("a"), peer("b", started=False), peer("c", started=False)], monkeypatch)
    assert both.beginning(pki)[STATIC] == f"a={PEERS['a']},7={PEERS['b']},c={PEERS['c']}"

    spec = sample_spec()
    members = plan_members(spec)
    text = kubeadm_documents(spec, members[0], members)
    assert text.count(STATE_NEW) == 1
    assert text.count(initial_cluster(members)) == 1
    assert found[STATE_NEW] == STATE_NEW.replace("new", "existing")


def test_while_nobody_answers_the_bucket_says_whether_the_cluster_has_begun(
    cloud: Cloud, pki: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put(name: str, authority: bytes) -> None:
        key = f"test.example.com/backups/etcd/members/{name}-{hashlib.sha256(authority).hexdigest()[:12]}.json"
        cloud.s3.put_object(Bucket=CONFIG["bucket"], Key=key, Body=b"{}")

    # Another cluster's, and its own, which is for refuse_lost_data to judge.
    put("a", b"another")
    put("b", b"authority")
    assert beginner(cloud, "b", None, monkeypatch).beginning(pki) == {}
    put("a", b"authority")
    with pytest.raises(SystemExit, match="none of them answers"):
        beginner(cloud, "b", None, monkeypatch).beginning(pki)


def test_answers_leave_by_the_interface_that_was_asked() -> None:
    without_overlay = (
        "[Match]\nMACAddress=02:00:00:00:00:01\n\n[Link]\nRequiredForOnline=no\n\n"
        "[Address]\nAddress=10.20.32.10/19\nAddPrefixRoute=no\n\n"
        "[Route]\nDestination=10.20.32.0/19\nScope=link\nPreferredSource=10.20.32.10\nTable=101\n\n"
        "[Route]\nGateway=10.20.32.1\nGatewayOnLink=yes\nPreferredSource=10.20.32.10\nTable=101\n\n"
        "[RoutingPolicyRule]\nFrom=10.20.32.10\nTable=101\nPriority=1101\n"
    )
    assert network_unit("02:00:00:00:00:01", {**CONFIG, "pods": None}) == without_overlay
    # To pods they go where the pod network leads, whose routes are in the main table.
    to_pods = "\n[RoutingPolicyRule]\nTo=100.96.0.0/11\nTable=main\nPriority=1100\n"
    assert network_unit("02:00:00:00:00:01", CONFIG) == without_overlay + to_pods


def test_the_configuration_is_what_the_plan_writes() -> None:
    from infra.plan.control_plane.files import member_files
    from tests.infra.samples import sample_spec

    spec = sample_spec()
    written = {file.path: file.content for file in member_files(spec, spec.instance_groups[0])}
    facts = json.loads(written["/etc/slipway/member.json"])
    assert {key: facts[key] for key in CONFIG} == CONFIG
    assert facts["data"] == "/var/lib/etcd/data"
    assert facts["kubeadm"] in written
    assert written["/etc/slipway/member-volumes"] == "sdp /var/lib/etcd\n"
