"""The gRPC front, called through a channel as the engine does, with no cluster behind it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from rehearsal.providers.base.values import UNKNOWN, from_struct, to_struct
from rehearsal.providers.kubernetes.operations import PartialError
from rehearsal.providers.kubernetes.service import Service

ROOT = Path(__file__).resolve().parents[4]
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
URN = f"urn:pulumi:dev::project::{CONFIG_MAP}::logical"


@pytest.fixture
def service() -> Service:
    return Service(None)


@pytest.fixture
def stub(service: Service) -> Iterator[Any]:
    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    server.stop(None).wait()


def test_introduction(stub: Any) -> None:
    answer = stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))
    assert answer.accept_secrets is True
    assert answer.supports_autonaming_configuration is True
    assert stub.GetPluginInfo(plugin_pb2.PluginInfo()).version == "4.34.2"
    configured = stub.Configure(provider_pb2.ConfigureRequest(args=to_struct({"kubeconfig": UNKNOWN})))
    assert (configured.acceptSecrets, configured.supportsPreview) == (True, True)


def test_settings_are_checked_line_by_line(stub: Any) -> None:
    answer = stub.CheckConfig(provider_pb2.CheckRequest(news=to_struct({"contxt": "a", "clustr": "b"})))
    assert [failure.reason for failure in answer.failures] == [
        "kubernetes:clustr: unknown setting; did you mean 'cluster'?",
        "kubernetes:contxt: unknown setting; did you mean 'context'?",
    ]
    with pytest.raises(grpc.RpcError) as caught:
        stub.Configure(provider_pb2.ConfigureRequest(variables={"kubernetes:config:contxt": "a"}))
    assert caught.value.details() == "kubernetes:contxt: unknown setting; did you mean 'context'?"


@pytest.mark.parametrize(
    ("olds", "news", "diffs", "replaces"),
    [
        ({"context": "a"}, {"context": "a"}, [], []),
        ({"context": "a"}, {"context": "b"}, ["context"], ["context"]),
        ({"namespace": "a"}, {"namespace": "b"}, ["namespace"], []),
        (
            {"context": "a", "clusterIdentifier": "x"},
            {"context": "b", "clusterIdentifier": "x"},
            ["context"],
            [],
        ),
        ({"clusterIdentifier": "x"}, {"clusterIdentifier": "y"}, ["clusterIdentifier"], ["clusterIdentifier"]),
        ({}, {"clusterIdentifier": "y"}, ["clusterIdentifier"], []),
    ],
)
def test_another_cluster_replaces(
    stub: Any, olds: dict[str, Any], news: dict[str, Any], diffs: list[str], replaces: list[str]
) -> None:
    answer = stub.DiffConfig(provider_pb2.DiffRequest(olds=to_struct(olds), news=to_struct(news)))
    assert (list(answer.diffs), list(answer.replaces)) == (diffs, replaces)
    assert answer.changes == (provider_pb2.DiffResponse.DIFF_SOME if diffs else provider_pb2.DiffResponse.DIFF_NONE)


def test_check_and_diff(stub: Any) -> None:
    def check(**news: Any) -> Any:
        metadata = {"name": "n", "namespace": "s"}
        answer = stub.Check(
            provider_pb2.CheckRequest(urn=URN, type=CONFIG_MAP, news=to_struct({"metadata": metadata, **news}))
        )
        assert not answer.failures
        return answer.inputs

    old, new = from_struct(check(data={"a": "1", "b": "1"})), check(data={"a": "2", "c.d": "1"})
    state = to_struct({"metadata": {"name": "n", "namespace": "s"}, "__inputs": old})
    answer = stub.Diff(provider_pb2.DiffRequest(urn=URN, olds=state, news=new))
    kinds = {path: provider_pb2.PropertyDiff.Kind.Name(diff.kind) for path, diff in answer.detailedDiff.items()}
    assert kinds == {"data.a": "UPDATE_REPLACE", "data.b": "DELETE_REPLACE", 'data["c.d"]': "ADD_REPLACE"}
    assert all(diff.inputDiff for diff in answer.detailedDiff.values())
    assert list(answer.diffs) == ["data"]
    assert answer.deleteBeforeReplace is True
    assert answer.hasDetailedDiff is True
    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    same = stub.Diff(provider_pb2.DiffRequest(urn=URN, type=CONFIG_MAP, olds=state, news=to_struct(old)))
    assert same.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_an_unreachable_cluster_is_an_error(stub: Any) -> None:
    request = provider_pb2.CreateRequest(urn=URN, type=CONFIG_MAP, properties=to_struct({"metadata": {"name": "n"}}))
    with pytest.raises(grpc.RpcError) as caught:
        stub.Create(request)
    assert caught.value.details().startswith("configured Kubernetes cluster is unreachable: the provider was not")


def test_creations_are_noted_and_previews_are_not(
    stub: Any, service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    journal = tmp_path / "created"
    monkeypatch.setenv("SLIPWAY_CREATED_JOURNAL", str(journal))
    monkeypatch.setattr(
        service.provider, "create", lambda *_, preview: ("", {}) if preview else ("s/n", {"apiVersion": "v1"})
    )
    stub.Create(provider_pb2.CreateRequest(urn=URN, type=CONFIG_MAP, preview=True))
    assert not journal.exists()
    stub.Create(provider_pb2.CreateRequest(urn=URN, type=CONFIG_MAP))
    assert json.loads(journal.read_text()) == {"urn": URN, "id": "s/n"}


def test_what_was_done_in_part_is_kept(
    stub: Any, service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SLIPWAY_CREATED_JOURNAL", str(tmp_path / "created"))
    live = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "n", "namespace": "s"}}

    def create(*_arguments: Any, **_keywords: Any) -> Any:
        raise PartialError("was written, but not ready", live)

    monkeypatch.setattr(service.provider, "create", create)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Create(provider_pb2.CreateRequest(urn=URN, type=CONFIG_MAP, properties=to_struct({"data": {"a": "b"}})))
    assert caught.value.details() == "was written, but not ready"
    failure: Any = caught.value
    details = dict(failure.trailing_metadata())["grpc-status-details-bin"]
    assert b"ErrorResourceInitFailed" in details
    assert b"s/n" in details
    assert json.loads((tmp_path / "created").read_text()) == {"urn": URN, "id": "s/n"}
    assert b"__fieldManager" in details


def test_a_fault_of_ours_names_itself(
    stub: Any, service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(service.provider, "diff", lambda *_: 1 // 0)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Diff(provider_pb2.DiffRequest(urn=URN, type=CONFIG_MAP))
    assert caught.value.code() == grpc.StatusCode.INTERNAL
    assert caught.value.details() == (
        "the stand-in for the kubernetes plugin failed in Diff: ZeroDivisionError('integer division or modulo by zero')"
    )
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_functions_and_components_are_refused(stub: Any) -> None:
    calls: list[tuple[Any, Any, str]] = [
        (stub.Invoke, provider_pb2.InvokeRequest(tok="kubernetes:yaml:decode"), "function kubernetes:yaml:decode"),
        (stub.Call, provider_pb2.CallRequest(tok="kubernetes:a:b"), "method kubernetes:a:b"),
        (stub.Construct, provider_pb2.ConstructRequest(type="kubernetes:a:B"), "component kubernetes:a:B"),
    ]
    for call, request, what in calls:
        with pytest.raises(grpc.RpcError) as caught:
            call(request)
        assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
        assert caught.value.details().startswith(f"the stand-in for the kubernetes plugin has no {what}")


def is_running(pid: int) -> bool:
    """Tell whether a process lives. An orphan that ended may wait for the machine's first process to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_plugin_starts_and_ends_with_its_engine() -> None:
    script = (
        "import subprocess, sys\n"
        "plugin = subprocess.Popen([sys.argv[1], '127.0.0.1:1'], stdout=subprocess.PIPE, text=True)\n"
        "print(plugin.pid, plugin.stdout.readline().strip(), flush=True)\n"
    )
    engine = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(ROOT / "rehearsal" / "bin" / "pulumi-resource-kubernetes")],
        capture_output=True,
        text=True,
        env={**os.environ, "SLIPWAY_HOST_PYTHON": sys.executable},
        timeout=120,
        check=True,
    )
    pid, port = map(int, engine.stdout.split())
    assert port > 1024
    ended = time.monotonic()
    while is_running(pid):
        assert time.monotonic() - ended < 60, "the plugin outlives its engine"
        time.sleep(0.05)


@pytest.mark.parametrize(("first", "loaded"), [("import sys", False), ("import sys, pulumi", True)])
def test_the_messages_are_loaded_without_the_sdk(first: str, loaded: bool) -> None:
    code = (
        f"{first}; from rehearsal.providers.base.lean import without_sdk; without_sdk()\n"
        "import rehearsal.providers.kubernetes.service\n"
        "print('pulumi.resource' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"{loaded}\n"
