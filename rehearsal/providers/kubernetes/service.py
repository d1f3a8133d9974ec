"""The gRPC front of the provider: `pulumirpc.ResourceProvider`, as the engine calls it."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

import grpc
from google.protobuf import any_pb2, empty_pb2

from rehearsal.journal import note_creation
from rehearsal.providers.base.diff import Kind as ChangeKind
from rehearsal.providers.base.protos import (
    engine_pb2,
    engine_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)
from rehearsal.providers.base.serving import CHANNEL_OPTIONS, serve
from rehearsal.providers.base.values import from_struct, to_struct
from rehearsal.providers.kubernetes.inputs import Properties
from rehearsal.providers.kubernetes.naming import object_id
from rehearsal.providers.kubernetes.operations import PartialError
from rehearsal.providers.kubernetes.provider import FAILURES, Difference, Provider
from rehearsal.providers.kubernetes.settings import SettingsError, parse_settings

VERSION: Final = "4.34.2"
_CONFIG_PREFIX: Final = "kubernetes:config:"

_Call = TypeVar("_Call", bound=Callable[..., Any])


def _reported(call: _Call) -> _Call:
    """Turn what a call may raise into the engine's errors; what it should not raise is reported with its traceback."""

    @wraps(call)
    def wrapper(self: Service, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return call(self, request, context)
        except (SettingsError, *FAILURES) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Exception as error:
            if context.code() is not None:
                raise  # aborted already
            print(traceback.format_exc(), file=sys.stderr)
            context.abort(
                grpc.StatusCode.INTERNAL, f"the stand-in for the kubernetes plugin failed in {call.__name__}: {error!r}"
            )

    return wrapper  # type: ignore[return-value]


class Service(provider_pb2_grpc.ResourceProviderServicer):  # type: ignore[misc]
    """Answers the engine. `engine_address` is where messages for the user go; None drops them."""

    def __init__(self, engine_address: str | None) -> None:
        """Connect to nothing yet."""
        self._engine_address = engine_address
        self._engine: Any = None
        self.provider = Provider(warn=self._warn)

    # The names of the methods are those of the protocol.

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Say what this plugin understands."""
        self._engine_address = request.engine_address or self._engine_address
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, accept_resources=False, accept_outputs=False, supports_autonaming_configuration=True
        )

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Take the address of an engine that did not start this process."""
        self._engine_address = request.address
        self._engine = None
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Name the version that this plugin stands in for."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetMapping(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Offer no mapping from other tools' providers."""
        return provider_pb2.GetMappingResponse()

    @_reported
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Refuse settings that this plugin does not know."""
        failures = []
        try:
            parse_settings(_settings(from_struct(request.news)), self.provider.environment)
        except SettingsError as error:
            failures = [provider_pb2.CheckFailure(reason=line) for line in str(error).splitlines()]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    @_reported
    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Tell whether the provider points at another cluster, whose objects would have to be made anew."""
        olds, news = from_struct(request.old_inputs or request.olds), from_struct(request.news)
        changed = sorted(key for key in olds.keys() | news.keys() if olds.get(key) != news.get(key))
        if "clusterIdentifier" in olds and "clusterIdentifier" in news:
            replaces = [key for key in changed if key == "clusterIdentifier"]
        else:
            replaces = [key for key in changed if key in ("context", "cluster")]
        some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=some if changed else none, diffs=changed, replaces=replaces)

    @_reported
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Take the settings and look for the cluster."""
        variables = {
            key.removeprefix(_CONFIG_PREFIX): value
            for key, value in request.variables.items()
            if key.startswith(_CONFIG_PREFIX)
        }
        self.provider.configure(_settings(from_struct(request.args) or variables))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    @_reported
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Complete a resource's inputs and say what is wrong with them."""
        inputs, failures = self.provider.check(
            request.urn,
            _token(request),
            from_struct(request.olds),
            from_struct(request.news),
            request.randomSeed,
            _proposed_name(request),
        )
        return provider_pb2.CheckResponse(
            inputs=to_struct(inputs), failures=[provider_pb2.CheckFailure(reason=text) for text in failures]
        )

    @_reported
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Tell what an update would change."""
        difference = self.provider.diff(
            _token(request), from_struct(request.olds), from_struct(request.news), list(request.ignoreChanges)
        )
        return _diff_response(difference)

    @_reported
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Create an object."""
        inputs = from_struct(request.properties)
        try:
            new_id, state = self.provider.create(
                request.urn, _token(request), inputs, request.timeout, preview=request.preview
            )
        except PartialError as error:
            note_creation(request.urn, object_id(error.live))
            self._abort_partial(context, error, inputs, {})
        if new_id:
            note_creation(request.urn, new_id)
        return provider_pb2.CreateResponse(id=new_id, properties=to_struct(state))

    @_reported
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Read an object, for a refresh or an import."""
        found, state, inputs = self.provider.read(
            request.urn, _token(request), request.id, from_struct(request.properties), from_struct(request.inputs)
        )
        if not found:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=found, properties=to_struct(state), inputs=to_struct(inputs))

    @_reported
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Change an object in place."""
        olds, news = from_struct(request.olds), from_struct(request.news)
        try:
            state = self.provider.update(
                request.urn,
                request.id,
                olds,
                news,
                request.timeout,
                ignored=list(request.ignoreChanges),
                preview=request.preview,
            )
        except PartialError as error:
            self._abort_partial(context, error, news, olds)
        return provider_pb2.UpdateResponse(properties=to_struct(state))

    @_reported
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Delete an object."""
        state = from_struct(request.properties)
        try:
            self.provider.delete(request.urn, _token(request), request.id, state, request.timeout)
        except PartialError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """End every wait."""
        self.provider.cancelled.set()
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Refuse a function: this stand-in has none."""
        self._refuse(context, f"function {request.tok}")

    def Call(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Refuse a method: this stand-in has none."""
        self._refuse(context, f"method {request.tok}")

    def Construct(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Refuse a remote component: this stand-in has none."""
        self._refuse(context, f"component {request.type}")

    def _refuse(self, context: grpc.ServicerContext, what: str) -> None:
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            f"the stand-in for the kubernetes plugin has no {what}; it knows single objects alone. "
            "Declare each object as a resource of its kind, or install the vendor's plugin",
        )

    def _abort_partial(
        self, context: grpc.ServicerContext, error: PartialError, inputs: Properties, state: Properties
    ) -> None:
        new_id, kept = self.provider.partial_state(error, inputs, state)
        detail = any_pb2.Any()
        detail.Pack(
            provider_pb2.ErrorResourceInitFailed(
                id=new_id, properties=to_struct(kept), inputs=to_struct(inputs), reasons=[str(error)]
            )
        )
        code = grpc.StatusCode.UNKNOWN
        status = status_pb2.Status(code=code.value[0], message=str(error), details=[detail])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(code, str(error))

    def _warn(self, urn: str, text: str) -> None:
        if self._engine is None and self._engine_address:
            channel = grpc.insecure_channel(self._engine_address, options=CHANNEL_OPTIONS)
            self._engine = engine_pb2_grpc.EngineStub(channel)
        if self._engine is not None:
            self._engine.Log(
                engine_pb2.LogRequest(severity=engine_pb2.LogSeverity.Value("WARNING"), message=text, urn=urn)
            )


def _token(request: Any) -> str:
    """Return the resource's type: from its field, or from the URN of an engine that does not fill it in."""
    token: str = request.type or request.urn.split("::")[2].rpartition("$")[2]
    return token


def _proposed_name(request: Any) -> str | None:
    if not request.HasField("autonaming"):
        return None
    options = provider_pb2.CheckRequest.AutonamingOptions
    return "" if request.autonaming.mode == options.DISABLE else str(request.autonaming.proposed_name)


def _settings(given: Properties) -> Properties:
    """Return the settings with objects, which the engine passes as JSON text, left as text: none is read here."""
    return {key: json.dumps(value) if isinstance(value, dict | list) else value for key, value in given.items()}


def _diff_response(difference: Difference) -> Any:
    kinds = {ChangeKind.ADD: "ADD", ChangeKind.DELETE: "DELETE", ChangeKind.UPDATE: "UPDATE"}
    detailed = {
        change.text: provider_pb2.PropertyDiff(
            kind=provider_pb2.PropertyDiff.Kind.Value(kinds[change.kind] + ("_REPLACE" if replace else "")),
            inputDiff=True,
        )
        for change, replace in difference.changes
    }
    response = provider_pb2.DiffResponse
    return response(
        changes=response.DIFF_SOME if detailed else response.DIFF_NONE,
        diffs=sorted({text.split(".")[0].split("[")[0] for text in detailed}),
        replaces=difference.replaces,
        deleteBeforeReplace=difference.delete_first,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def main() -> None:
    """Serve the engine that started this process."""
    serve(Service, workers=64)


if __name__ == "__main__":
    main()
