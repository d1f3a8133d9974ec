"""What a machine fetches, against a state bucket and an API server that stand for the real ones."""

from __future__ import annotations

import email.message
import hashlib
import io
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.plan.join import ApiAddress, join_document, member_join_document
from infra.plan.node.document import files_document, files_name
from infra.plan.state_layout import igconfig_prefix
from infra.spec import InstanceGroupSpec
from infra.templates.node import fetch_config
from infra.templates.node.fetch_config import Machine, numbers
from tests.infra.plan.node.rendered import files_of, user_data
from tests.infra.samples import sample_spec

SPEC = sample_spec()
ADDRESS = ApiAddress("inside.example", "outside.example")
MEMBER, NODES = SPEC.instance_groups[:2]


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name=SPEC.region)
        client.create_bucket(Bucket=SPEC.state.bucket, CreateBucketConfiguration={"LocationConstraint": SPEC.region})
        yield client


def machine(root: Path, s3: Any, group: InstanceGroupSpec = NODES, document: str | None = None) -> Machine:
    """A machine of a group, with the node.env of its user-data and the objects of its group."""
    environment = root / "etc/slipway/node.env"
    environment.parent.mkdir(parents=True)
    environment.write_text(files_of(user_data(group.name, SPEC))["/etc/slipway/node.env"])
    join = (
        member_join_document(ADDRESS)
        if group is MEMBER
        else join_document(ADDRESS, "authority\n", "abcdef.0123456789abcdef")
    )
    prefix = igconfig_prefix(SPEC, group)
    s3.put_object(Bucket=SPEC.state.bucket, Key=f"{prefix}join.json", Body=join.encode())
    body = files_document(SPEC, group) if document is None else document
    s3.put_object(
        Bucket=SPEC.state.bucket, Key=f"{prefix}{files_name(files_document(SPEC, group))}", Body=body.encode()
    )
    return Machine(root)


def test_programs_are_put_in_place_and_executable(tmp_path: Path, s3: Any) -> None:
    machine(tmp_path, s3).place_files()
    library = tmp_path / "usr/local/lib/slipway"
    programs = {str(path.relative_to(library)) for path in library.rglob("*") if path.is_file()}
    assert programs == {"install-kubelet.sh", "machine_config.py", "credential-providers/ecr_credentials.py"}
    assert all(path.stat().st_mode & 0o777 == 0o755 for path in library.iterdir())


def test_a_members_files_get_the_names_that_aws_gave(tmp_path: Path, s3: Any) -> None:
    machine(tmp_path, s3, MEMBER).place_files()
    kubeadm = (tmp_path / "etc/slipway/kubeadm.yaml").read_text()
    assert "controlPlaneEndpoint: 'inside.example:443'" in kubeadm
    assert "@API" not in kubeadm
    # The node's own name is filled in when the machine knows it.
    assert "name: '@NODE_NAME@'" in kubeadm
    assert (tmp_path / "etc/systemd/system/slipway-member.service").stat().st_mode & 0o777 == 0o644


def test_files_of_another_digest_are_refused(tmp_path: Path, s3: Any) -> None:
    changed = machine(tmp_path, s3, document=files_document(SPEC, NODES).replace("curl", "cat"))
    with pytest.raises(SystemExit, match=r"^files-[0-9a-f]{64}\.json does not have the sha256 of its name$"):
        changed.place_files()
    assert not (tmp_path / "usr").exists()


def test_the_digest_is_that_of_the_document() -> None:
    digest = hashlib.sha256(files_document(SPEC, NODES).encode()).hexdigest()
    assert files_name(files_document(SPEC, NODES)) == f"files-{digest}.json"


@pytest.mark.parametrize(
    ("served", "taken"),
    [("v1.37.2", "v1.37.2"), ("v1.38.0", "v1.37.2"), ("v1.36.12", "v1.36.12"), ("v1.9.0-eks+1", "v1.9.0-eks+1")],
)
def test_a_kubelet_is_never_newer_than_the_api(
    served: str, taken: str, tmp_path: Path, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_config, "api_version", lambda _: served)
    machine(tmp_path, s3).join()
    assert (tmp_path / "run/slipway/kubelet.env").read_text() == f"KUBELET_VERSION={taken}\n"


def test_what_joins_is_private_and_comes_last(tmp_path: Path, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    put = Machine.put

    def noted(self: Machine, path: str, text: str, mode: int = 0o644) -> None:
        order.append(path)
        put(self, path, text, mode)

    monkeypatch.setattr(Machine, "put", noted)
    monkeypatch.setattr(fetch_config, "api_version", lambda _: "v1.37.2")
    machine(tmp_path, s3).join()
    assert order == [
        "etc/kubernetes/pki/ca.crt",
        "run/slipway/kubelet.env",
        "var/lib/kubelet/bootstrap-kubeconfig",
    ]
    kubeconfig = tmp_path / order[-1]
    assert kubeconfig.stat().st_mode & 0o777 == 0o600
    config = json.loads(kubeconfig.read_text())
    assert config["users"][0]["user"] == {"token": "abcdef.0123456789abcdef"}
    assert config["clusters"][0]["cluster"]["server"] == "https://inside.example:443"
    assert (tmp_path / order[0]).read_text() == "authority\n"


def test_a_machine_that_has_joined_takes_the_authorities_and_nothing_else(
    tmp_path: Path, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined = machine(tmp_path, s3)
    identity = tmp_path / "var/lib/kubelet/kubeconfig"
    identity.parent.mkdir(parents=True)
    identity.write_text("identity")

    def asked(document: object) -> str:
        raise AssertionError("the API was asked")

    monkeypatch.setattr(fetch_config, "api_version", asked)
    joined.join()
    assert (tmp_path / "etc/kubernetes/pki/ca.crt").read_text() == "authority\n"
    assert not (tmp_path / "var/lib/kubelet/bootstrap-kubeconfig").exists()
    assert not (tmp_path / "run").exists()


def test_the_version_is_asked_for_with_the_token_so_that_an_unknown_one_is_refused_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, str | None]] = []

    def urlopen(request: urllib.request.Request, **_: object) -> io.BytesIO:
        asked.append((request.full_url, request.get_header("Authorization")))
        return io.BytesIO(b'{"gitVersion": "v1.37.2"}')

    monkeypatch.setattr(ssl, "create_default_context", lambda cadata: cadata)
    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    user = {"user": {"token": "abcdef.0123456789abcdef"}}
    document = {"server": "https://in", "certificateAuthority": "ca", "kubeconfig": {"users": [user]}}
    assert fetch_config.api_version(document) == "v1.37.2"
    assert asked == [("https://in/version", "Bearer abcdef.0123456789abcdef")]


def test_an_api_server_that_does_not_answer_yet_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(request: urllib.request.Request, **_: object) -> io.BytesIO:
        raise urllib.error.HTTPError(request.full_url, 401, "Unauthorized", email.message.Message(), None)

    monkeypatch.setattr(ssl, "create_default_context", lambda **_: None)
    monkeypatch.setattr(urllib.request, "urlopen", refused)
    document = json.loads(join_document(ADDRESS, "authority\n", "abcdef.0123456789abcdef"))
    with pytest.raises(SystemExit) as raised:
        fetch_config.api_version(document)
    assert raised.value.code == f"{document['server']} does not answer yet: HTTP Error 401: Unauthorized"
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    ("version", "parts"), [("v1.37.2", (1, 37, 2)), ("v1.38.0-rc.1", (1, 38, 0)), ("v1.37.2+abc", (1, 37, 2))]
)
def test_versions_are_compared_by_number(version: str, parts: tuple[int, ...]) -> None:
    assert numbers(version) == parts
