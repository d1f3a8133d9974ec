"""Calls a stand-in for a plugin over its gRPC front, as the engine does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from rehearsal.providers.base.local_service import LocalService
from rehearsal.providers.base.values import from_struct, reveal, to_struct


@dataclass(frozen=True)
class Plugin:
    """A served stand-in."""

    stub: Any

    def urn(self, token: str, name: str = "it") -> str:
        return f"urn:pulumi:dev::project::{token}::{name}"

    def check(self, token: str, inputs: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        answer = self.stub.Check(
            provider_pb2.CheckRequest(urn=self.urn(token), type=token, news=to_struct(inputs), randomSeed=b"seed")
        )
        return from_struct(answer.inputs), [failure.reason for failure in answer.failures]

    def create(self, token: str, inputs: Mapping[str, Any], *, preview: bool = False) -> tuple[str, dict[str, Any]]:
        checked, failures = self.check(token, inputs)
        assert failures == []
        answer = self.stub.Create(
            provider_pb2.CreateRequest(urn=self.urn(token), type=token, properties=to_struct(checked), preview=preview)
        )
        return answer.id, from_struct(answer.properties)

    def made(self, token: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was made with its secrets in plain text."""
        plain: dict[str, Any] = reveal(self.create(token, inputs)[1])
        return plain

    def diff(
        self, token: str, state: Mapping[str, Any], olds: Mapping[str, Any], news: Mapping[str, Any]
    ) -> tuple[list[str], list[str]]:
        """Return the paths that change, and those of them that force a replacement."""
        answer = self.stub.Diff(
            provider_pb2.DiffRequest(
                urn=self.urn(token),
                type=token,
                olds=to_struct(state),
                old_inputs=to_struct(olds),
                news=to_struct(news),
            )
        )
        some = provider_pb2.DiffResponse.DIFF_SOME
        assert (answer.changes == some) is bool(answer.detailedDiff)
        return sorted(answer.detailedDiff), sorted(answer.replaces)

    def read(self, token: str, identifier: str, state: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.stub.Read(
            provider_pb2.ReadRequest(
                urn=self.urn(token),
                type=token,
                id=identifier,
                properties=to_struct(state),
                inputs=to_struct(inputs),
            )
        )
        assert answer.id == identifier
        assert from_struct(answer.inputs) == dict(inputs)
        return from_struct(answer.properties)

    def update(self, token: str, state: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        request = provider_pb2.UpdateRequest(
            urn=self.urn(token), type=token, olds=to_struct(state), news=to_struct(news)
        )
        return from_struct(self.stub.Update(request).properties)

    def invoke(self, token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=to_struct(arguments)))
        return from_struct(getattr(answer, "return"))


@contextmanager
def served(service: type[LocalService], clock: Callable[[], datetime]) -> Iterator[Plugin]:
    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(service(None, clock), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Plugin(provider_pb2_grpc.ResourceProviderStub(channel))
    server.stop(None).wait()
