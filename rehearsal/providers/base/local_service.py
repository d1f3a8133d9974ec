"""The gRPC front of a stand-in whose resources live in the state alone."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

import grpc
from google.protobuf import empty_pb2

from rehearsal.providers.base.local import LocalError, LocalKind, LocalLifecycle, Props
from rehearsal.providers.base.protos import provider_pb2
from rehearsal.providers.base.service import (
    PluginService,
    check_config_response,
    diff_config_response,
    diff_response,
    reported,
    token_of,
)
from rehearsal.providers.base.shapes import UnknownTypeError
from rehearsal.providers.base.store import SdkStore
from rehearsal.providers.base.values import UNKNOWN, from_struct, has_unknown, to_struct

_IGNORED_SETTINGS = frozenset({"version", "pluginDownloadURL"})


class UnsupportedError(Exception):
    """A resource type or function that the stand-in does not know."""


class LocalService(PluginService):
    """Answers the engine. The names of the methods are those of the protocol."""

    kinds: ClassVar[Mapping[str, LocalKind]]
    """The resource types."""
    functions: ClassVar[Mapping[str, Callable[[Props], Props]]] = {}
    """The functions."""
    store: ClassVar[SdkStore]
    """What the vendor's SDK says of them."""
    failures = (LocalError, UnsupportedError, UnknownTypeError)

    def __init__(self, engine_address: str | None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """`clock` returns the time, with its zone."""
        del engine_address  # nothing is logged beside errors
        self._clock = clock

    def lifecycle(self, token: str) -> LocalLifecycle:
        """Return the life of a resource type.

        Raises:
            UnsupportedError: the stand-in does not know the type.
        """
        if token not in self.kinds:
            raise UnsupportedError(self._not_known("resource type", token, self.kinds))
        return LocalLifecycle(self.kinds[token], self.store.resource_shape(token), self._clock)

    def message(self, request: Any, error: Exception) -> str:
        """Name the resource."""
        urn = getattr(request, "urn", "")
        return f"{token_of(request)} {urn.rpartition('::')[2]}: {error}" if urn else str(error)

    def place(self, request: Any) -> str:
        """Name the resource."""
        return f" of {getattr(request, 'urn', '') or 'the provider'}"

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Say what this plugin understands."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False, accept_outputs=False)

    @reported
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Refuse every setting: this stand-in has none."""
        unknown = sorted(from_struct(request.news).keys() - _IGNORED_SETTINGS)
        return check_config_response(
            request, [f"{key}: not known to the stand-in for the {self.plugin} plugin" for key in unknown]
        )

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Nothing depends on the settings."""
        return diff_config_response([], [])

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Take the settings, of which there are none."""
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @reported
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Say what the vendor's plugin would refuse."""
        inputs, failures = self.lifecycle(token_of(request)).check(from_struct(request.news))
        return provider_pb2.CheckResponse(
            inputs=to_struct(inputs),
            failures=[provider_pb2.CheckFailure(property=at, reason=f"{at} {reason}") for at, reason in failures],
        )

    @reported
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Tell what the new inputs change."""
        olds = from_struct(request.olds)
        old_inputs = from_struct(request.old_inputs) if request.HasField("old_inputs") else olds
        found, replaces = self.lifecycle(token_of(request)).diff(
            olds, old_inputs, from_struct(request.news), list(request.ignoreChanges)
        )
        return diff_response(found, replaces, delete_first=False)

    @reported
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Make a resource. Unlike one in a cloud it needs no note: cut short, nothing of it is left anywhere."""
        identifier, state = self.lifecycle(token_of(request)).create(
            from_struct(request.properties), preview=request.preview
        )
        return provider_pb2.CreateResponse(id=identifier, properties=to_struct(state))

    @reported
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Return what the state says."""
        state = self.lifecycle(token_of(request)).read(from_struct(request.properties))
        return provider_pb2.ReadResponse(id=request.id, properties=to_struct(state), inputs=request.inputs)

    @reported
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Change a resource in place."""
        state = self.lifecycle(token_of(request)).update(from_struct(request.olds), from_struct(request.news))
        return provider_pb2.UpdateResponse(properties=to_struct(state))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Leave the deletion to the engine, which drops it from the state."""
        return empty_pb2.Empty()

    @reported
    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Answer a function; unknown as a whole where an argument is."""
        if request.tok not in self.functions:
            raise UnsupportedError(self._not_known("function", request.tok, self.functions))
        arguments = from_struct(request.args)
        found = {"id": UNKNOWN} if has_unknown(arguments) else self.functions[request.tok](arguments)
        return provider_pb2.InvokeResponse(**{"return": to_struct(found)})

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Nothing here waits."""
        return empty_pb2.Empty()

    def Call(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Refuse a method: this stand-in has none."""
        self._refuse(context, f"method {request.tok}")

    def Construct(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Refuse a remote component: this stand-in has none."""
        self._refuse(context, f"component {request.type}")

    def _refuse(self, context: grpc.ServicerContext, what: str) -> None:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the stand-in for the {self.plugin} plugin has no {what}")

    def _not_known(self, what: str, token: str, known: Mapping[str, Any]) -> str:
        near = difflib.get_close_matches(token, known, n=1)
        hint = f" (near it: {near[0]})" if near else ""
        return (
            f"the stand-in for the {self.plugin} plugin does not know the {what} {token}{hint}. Add it to "
            f"rehearsal/providers/{self.plugin}, or install the vendor's plugin"
        )
