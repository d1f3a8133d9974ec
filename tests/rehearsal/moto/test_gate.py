from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.ec2.models.tags import TagBackend

from rehearsal.moto.gate import Gate, GatedApplication, gated_mocks, may_change

FORM = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.mark.parametrize(
    ("environ", "body", "expected"),
    [
        ({"REQUEST_METHOD": "GET"}, b"", False),
        ({"REQUEST_METHOD": "HEAD"}, b"", False),
        ({"REQUEST_METHOD": "PUT"}, b"", True),
        ({"REQUEST_METHOD": "DELETE"}, b"", True),
        ({"REQUEST_METHOD": "POST", "CONTENT_TYPE": FORM}, b"Version=1&Action=DescribeVpcs", False),
        ({"REQUEST_METHOD": "POST", "CONTENT_TYPE": FORM}, b"Action=CreateVpc", True),
        ({"REQUEST_METHOD": "POST", "HTTP_X_AMZ_TARGET": "TrentService.DescribeKey"}, b"{}", False),
        ({"REQUEST_METHOD": "POST", "HTTP_X_AMZ_TARGET": "AmazonSQS.ReceiveMessage"}, b"{}", True),
        ({"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/json"}, b"{}", True),
    ],
)
def test_reads_are_known_by_method_or_operation(environ: dict[str, str], body: bytes, expected: bool) -> None:
    assert may_change(environ, body) is expected


def _call(application: GatedApplication, body: bytes = b"", **environ: str) -> bytes:
    request: dict[str, Any] = {
        "REQUEST_METHOD": "PUT",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
        **environ,
    }
    return b"".join(application(request, lambda *_: None))


def test_the_application_gets_the_body_and_its_answer_is_given_whole() -> None:
    def echo(environ: dict[str, Any], _start: Callable[..., Any]) -> list[bytes]:
        return [b"got ", environ["wsgi.input"].read()]

    assert _call(GatedApplication(echo, Gate(), lambda: None), b"body") == b"got body"


def test_a_change_is_reported_inside_the_gate_even_when_the_request_fails() -> None:
    gate, free = Gate(), []

    def fail(_environ: dict[str, Any], _start: Callable[..., Any]) -> list[bytes]:
        raise RuntimeError("half done")

    def changed() -> None:
        free.append(gate._lock.acquire(blocking=False))

    with pytest.raises(RuntimeError, match="half done"):
        _call(GatedApplication(fail, gate, changed))
    assert free == [False]
    with gate.held():
        pass


def test_requests_run_one_at_a_time_unless_one_lends_the_gate() -> None:
    gate = Gate()
    arrived, inside, most = threading.Barrier(2), 0, 0

    def count(environ: dict[str, Any], _start: Callable[..., Any]) -> list[bytes]:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        if environ.get("LEND"):
            with gate.lent():
                arrived.wait(5)
        inside -= 1
        return []

    application = GatedApplication(count, gate, lambda: None)

    def together(**environ: str) -> None:
        threads = [threading.Thread(target=_call, args=(application,), kwargs=environ) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)

    together()
    assert most == 1
    together(LEND="yes")  # each waits for the other inside: only possible when the gate is lent
    assert most == 2


def test_calls_of_several_threads_to_mocks_go_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    inside: list[int] = []
    beside: list[int] = []
    describe = TagBackend.describe_tags

    def slowly(backend: TagBackend, filters: dict[str, list[str]] | None = None) -> list[dict[str, str]]:
        beside.append(len(inside))
        inside.append(1)
        time.sleep(0.01)
        inside.pop()
        return describe(backend, filters)

    monkeypatch.setattr(TagBackend, "describe_tags", slowly)
    with mock_aws(), gated_mocks():
        clients = [boto3.client("ec2", "eu-west-1", aws_access_key_id="x", aws_secret_access_key="y") for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda client: client.describe_tags()["Tags"], clients))
    assert answers == [[]] * 4
    assert beside == [0] * 4
