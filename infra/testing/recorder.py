"""Pulumi mocks that record the exact inputs of every registered resource."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks, rpc
from pulumi.runtime import resource as registration
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import source_pb2

from infra.components.sdk import drop_debug_messages

Call = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class CallFailed(Exception):  # noqa: N818 (it stands for the provider's answer, not for an error of the test)
    """Raised by a :data:`Call`: the provider answers that the function failed."""


def secret(value: object) -> dict[str, object]:
    """Return a secret as it goes over the wire."""
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


def is_secret(value: object) -> bool:
    """Say whether a value is a secret as it goes over the wire."""
    return isinstance(value, Mapping) and value.get(rpc._special_sig_key) == rpc._special_secret_sig


class Recorder(Mocks):
    """Stands for the engine in unit tests: gives each resource an id and outputs, and remembers its exact inputs."""

    def __init__(
        self, outputs: Mapping[str, Mapping[str, Any]] | None = None, calls: Mapping[str, Call] | None = None
    ) -> None:
        self.outputs = dict(outputs or {})
        """Extra outputs by type token."""
        self.calls = dict(calls or {})
        """Answers to invokes by function token; an invoke that is not listed is an error."""
        self.resources: dict[tuple[str, str], dict[str, Any]] = {}
        self.requests: dict[tuple[str, str], Any] = {}
        """The whole registration of each resource as the engine would get it, options included."""
        self.urns: dict[tuple[str, str], str] = {}
        self.invoked: list[tuple[str, dict[str, Any]]] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Return an id and outputs.

        Raises:
            AssertionError: the resource is registered already; the engine would refuse it, too.
        """
        key = (args.typ, args.name)
        if key in self.resources:
            raise AssertionError(f"{args.typ} {args.name!r} is registered twice")
        self.resources[key] = dict(args.inputs)
        arn = f"arn:aws:mock:::{args.typ.rsplit(':', 1)[-1]}/{args.name}"
        return args.resource_id or f"{args.name}-id", {"arn": arn, **args.inputs, **self.outputs.get(args.typ, {})}

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """Return the answer to an invoke, or why there is none.

        Raises:
            AssertionError: nobody said what the answer to this function is.
        """
        if args.token not in self.calls:
            raise AssertionError(f"unexpected invoke of {args.token} with {dict(args.args)}")
        self.invoked.append((args.token, dict(args.args)))
        try:
            return dict(self.calls[args.token](args.args)), []
        except CallFailed as error:
            return {}, [("", str(error))]

    def inputs(self, token: str, name: str) -> dict[str, Any]:
        """Return the inputs of one resource as they went over the wire.

        Raises:
            AssertionError: no such resource was registered; the message lists those that were.
        """
        if (token, name) not in self.resources:
            raise AssertionError(f"no {token} {name!r}; registered: {sorted(self.resources)}")
        return self.resources[token, name]

    def names(self, token: str) -> set[str]:
        """Return the logical names of all registered resources of a type."""
        return {name for typ, name in self.resources if typ == token}

    def install(self, project: str = "slipway", stack: str = "test", preview: bool = False) -> None:
        """Make Pulumi use this recorder."""
        # Where in the program each resource was declared is for the engine's messages. Under pytest the stack is deep,
        # and reading it takes as long as everything else that a registration does.
        registration._get_stack_trace = source_pb2.StackTrace
        drop_debug_messages({})
        _ensure_event_loop()
        pulumi.runtime.set_mocks(
            self, project=project, stack=stack, preview=preview, monitor=_RecordingMonitor(self, f"{stack}::{project}")
        )

    def options(self, token: str, name: str) -> Any:
        """Return the registration of one resource: ``protect``, ``retainOnDelete``, ``importId``, ``parent``..."""
        self.inputs(token, name)
        return self.requests[token, name]


def _ensure_event_loop() -> None:
    """Have an event loop in this thread, on which Pulumi's futures are made.

    From Python 3.12 on, asking for one where none was set is a warning, and under pytest often an error; later versions
    make none.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            asyncio.get_event_loop()
        except RuntimeError:
            asyncio.set_event_loop(asyncio.new_event_loop())


_STACK = "pulumi:pulumi:Stack"


class _RecordingMonitor(MockMonitor):
    def __init__(self, recorder: Recorder, stack: str) -> None:
        super().__init__(recorder)
        self._recorder = recorder
        self._stack = stack

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """Return the URN that the engine would give: Pulumi's own mocks forget all but one of the components above."""
        above = parent.split("::")[2] if parent else _STACK
        path = type_ if above == _STACK else f"{above}${type_}"
        return f"urn:pulumi:{self._stack}::{path}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 (the name of the RPC)
        # The stack is the engine's own, and not every run under mocks registers it.
        if request.type == _STACK:
            return super().RegisterResource(request)  # type: ignore[no-untyped-call]
        self._recorder.requests[request.type, request.name] = request
        registered = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        self._recorder.urns[request.type, request.name] = registered.urn
        return registered


def record(
    program: Callable[[], object], recorder: Recorder | None = None, *, stack: str = "test", preview: bool = False
) -> Recorder:
    """Run ``program`` under mocks until every resource is registered, then return what was recorded.

    Assertions belong behind this call, where nothing asynchronous is left: they cannot be skipped.
    """
    recorder = recorder or Recorder()
    recorder.install(stack=stack, preview=preview)

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def run() -> None:
        program()

    run()
    return recorder
