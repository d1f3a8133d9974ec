"""The gRPC front of the stand-in for the aws plugin: ``pulumirpc.ResourceProvider``, as the engine calls it."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

import grpc
from google.protobuf import any_pb2, empty_pb2

from rehearsal.journal import note_creation
from rehearsal.providers.aws.lifecycle import Difference, PartialCreationError
from rehearsal.providers.aws.provider import ConfigurationError, Provider, UnsupportedError, parse
from rehearsal.providers.aws.session import AwsError, UnreachableError
from rehearsal.providers.aws.shapes import UnknownTypeError
from rehearsal.providers.base.diff import Kind as ChangeKind
from rehearsal.providers.base.protos import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2
from rehearsal.providers.base.serving import serve
from rehearsal.providers.base.values import from_struct, to_struct

VERSION: Final = "7.51.1"
_CONFIG_PREFIX: Final = "aws:config:"
_FAILURES = (AwsError, UnreachableError, ConfigurationError, UnsupportedError, UnknownTypeError)

_Call = TypeVar("_Call", bound=Callable[..., Any])


def _reported(call: _Call) -> _Call:
    """Turn what a call may raise into the engine's errors; what it should not raise is reported with its traceback."""

    @wraps(call)
    def wrapper(self: Service, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return call(self, request, context)
        except _FAILURES as error:
            context.abort(grpc.StatusCode.UNKNOWN, _message(request, error))
        except Exception as error:  # the process's boundary: the engine must hear of a bug, with its place
            if context.code() is not None:
                raise  # aborted already
            print(traceback.format_exc(), file=sys.stderr)
            urn = getattr(request, "urn", "")
            context.abort(
                grpc.StatusCode.INTERNAL,
                f"the stand-in for the aws plugin failed in {call.__name__} of {urn or 'the provider'}: {error!r}",
            )

    return wrapper  # type: ignore[return-value]


def _message(request: Any, error: Exception) -> str:
    urn = getattr(request, "urn", "")
    return f"{_token(request)} {urn.rpartition('::')[2]}: {error}" if urn else str(error)


class Service(provider_pb2_grpc.ResourceProviderServicer):  # type: ignore[misc]
    """Answers the engine. The names of the methods are those of the protocol."""

    def __init__(self, engine_address: str | None) -> None:
        """Connect to nothing yet."""
        del engine_address  # nothing is logged beside errors
        self.provider = Provider()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Say what this plugin understands."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False, accept_outputs=False)

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Take the address of an engine that did not start this process."""
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
            parse(from_struct(request.news), {"AWS_REGION": "checked-when-configured"})
        except ConfigurationError as error:
            failures = [provider_pb2.CheckFailure(reason=line) for line in str(error).splitlines()]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    @_reported
    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Tell whether the provider points at another region: everything in it would have to be made anew there."""
        olds, news = from_struct(request.old_inputs or request.olds), from_struct(request.news)
        changed = sorted(key for key in olds.keys() | news.keys() if olds.get(key) != news.get(key))
        some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
        replaces = [key for key in changed if key == "region"]
        return provider_pb2.DiffResponse(changes=some if changed else none, diffs=changed, replaces=replaces)

    @_reported
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Take the settings and ask the endpoint whose credentials these are."""
        variables = {
            key.removeprefix(_CONFIG_PREFIX): value
            for key, value in request.variables.items()
            if key.startswith(_CONFIG_PREFIX)
        }
        self.provider.configure(from_struct(request.args) or variables)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @_reported
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Complete a resource's inputs and say what the vendor's plugin would refuse."""
        life = self.provider.lifecycle(_token(request))
        inputs, failures = life.check(
            request.urn.rpartition("::")[2], from_struct(request.olds), from_struct(request.news), request.randomSeed
        )
        return provider_pb2.CheckResponse(
            inputs=to_struct(inputs),
            failures=[provider_pb2.CheckFailure(property=at, reason=f"{at} {reason}") for at, reason in failures],
        )

    @_reported
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Tell what an update would change."""
        life = self.provider.lifecycle(_token(request))
        difference = life.diff(_old_inputs(request), from_struct(request.news), list(request.ignoreChanges))
        return _diff_response(difference)

    @_reported
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Create a resource."""
        inputs = from_struct(request.properties)
        life = self.provider.lifecycle(_token(request))
        try:
            identifier, state = life.create(
                inputs, preview=request.preview, created=lambda each: note_creation(request.urn, each)
            )
        except PartialCreationError as error:
            self._abort_partial(context, request, error, inputs)
        return provider_pb2.CreateResponse(id=identifier, properties=to_struct(state))

    @_reported
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Read a resource, for a refresh or an import."""
        life = self.provider.lifecycle(_token(request))
        found = life.read(request.id, from_struct(request.properties), from_struct(request.inputs))
        if found is None:
            return provider_pb2.ReadResponse()
        state, inputs = found
        return provider_pb2.ReadResponse(id=request.id, properties=to_struct(state), inputs=to_struct(inputs))

    @_reported
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Change a resource in place."""
        life = self.provider.lifecycle(_token(request))
        state = life.update(
            request.id,
            from_struct(request.olds),
            _old_inputs(request),
            from_struct(request.news),
            list(request.ignoreChanges),
            preview=request.preview,
        )
        return provider_pb2.UpdateResponse(properties=to_struct(state))

    @_reported
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Delete a resource."""
        self.provider.lifecycle(_token(request)).delete(request.id, from_struct(request.properties))
        return empty_pb2.Empty()

    @_reported
    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Answer a function."""
        found = self.provider.invoke(request.tok, from_struct(request.args))
        return provider_pb2.InvokeResponse(**{"return": to_struct(found)})

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Nothing here waits for long."""
        return empty_pb2.Empty()

    def Call(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Refuse a method: this stand-in has none."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the stand-in for the aws plugin has no method {request.tok}")

    def Construct(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Refuse a remote component: this stand-in has none."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the stand-in for the aws plugin has no component {request.type}")

    def _abort_partial(
        self, context: grpc.ServicerContext, request: Any, error: PartialCreationError, inputs: dict[str, Any]
    ) -> None:
        detail = any_pb2.Any()
        detail.Pack(
            provider_pb2.ErrorResourceInitFailed(
                id=error.identifier,
                properties=to_struct(error.state),
                inputs=to_struct(inputs),
                reasons=[_message(request, error)],
            )
        )
        code = grpc.StatusCode.UNKNOWN
        status = status_pb2.Status(code=code.value[0], message=_message(request, error), details=[detail])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(code, _message(request, error))


def _token(request: Any) -> str:
    """Return the resource's type: from its field, or from the URN of an engine that does not fill it in."""
    token: str = request.type or request.urn.split("::")[2].rpartition("$")[2]
    return token


def _old_inputs(request: Any) -> dict[str, Any]:
    return from_struct(request.old_inputs if request.HasField("old_inputs") else request.olds)


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
        diffs=sorted({str(change.path[0]) for change, _ in difference.changes}),
        replaces=difference.replaces,
        deleteBeforeReplace=bool(difference.replaces) and difference.delete_first,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def main() -> None:
    """Serve the engine that started this process."""
    serve(Service, workers=64)


if __name__ == "__main__":
    main()
