"""The gRPC front of the stand-in for the aws plugin: ``pulumirpc.ResourceProvider``, as the engine calls it."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf import empty_pb2

from rehearsal.journal import note_creation
from rehearsal.providers.aws.lifecycle import PartialCreationError
from rehearsal.providers.aws.provider import ConfigurationError, Provider, UnsupportedError, parse
from rehearsal.providers.aws.session import AwsError, UnreachableError
from rehearsal.providers.base.protos import provider_pb2
from rehearsal.providers.base.service import (
    PluginService,
    changed_settings,
    check_config_response,
    diff_config_response,
    diff_response,
    reported,
    token_of,
)
from rehearsal.providers.base.serving import serve
from rehearsal.providers.base.shapes import UnknownTypeError
from rehearsal.providers.base.values import from_struct, to_struct


class Service(PluginService):
    """Answers the engine. The names of the methods are those of the protocol."""

    plugin = "aws"
    version = "7.51.1"
    failures = (AwsError, UnreachableError, ConfigurationError, UnsupportedError, UnknownTypeError)

    def __init__(self, engine_address: str | None) -> None:
        """Connect to nothing yet."""
        del engine_address  # nothing is logged beside errors
        self.provider = Provider()
        self._told_unreachable: set[str] = set()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Say what this plugin understands."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False, accept_outputs=False)

    def message(self, request: Any, error: Exception) -> str:
        """Name the resource; say once, not for each of a hundred resources, what to do about a dead endpoint."""
        urn = getattr(request, "urn", "")
        text = str(error)
        if isinstance(error, UnreachableError):
            if error.endpoint in self._told_unreachable:
                text = f"the AWS endpoint {error.endpoint} does not answer either, see above"
            self._told_unreachable.add(error.endpoint)
        return f"{token_of(request)} {urn.rpartition('::')[2]}: {text}" if urn else text

    def place(self, request: Any) -> str:
        """Name the resource."""
        return f" of {getattr(request, 'urn', '') or 'the provider'}"

    @reported
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Refuse settings that this plugin does not know."""
        problems: list[str] = []
        try:
            parse(from_struct(request.news), {"AWS_REGION": "checked-when-configured"})
        except ConfigurationError as error:
            problems = str(error).splitlines()
        return check_config_response(request, problems)

    @reported
    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Tell whether the provider points at another region: everything in it would have to be made anew there."""
        changed = changed_settings(from_struct(request.old_inputs or request.olds), from_struct(request.news))
        return diff_config_response(changed, [key for key in changed if key == "region"])

    @reported
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Take the settings and ask the endpoint whose credentials these are."""
        self.provider.configure(from_struct(request.args) or self.variables(request))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @reported
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Complete a resource's inputs and say what the vendor's plugin would refuse."""
        life = self.provider.lifecycle(token_of(request))
        inputs, failures = life.check(
            request.urn.rpartition("::")[2], from_struct(request.olds), from_struct(request.news), request.randomSeed
        )
        return provider_pb2.CheckResponse(
            inputs=to_struct(inputs),
            failures=[provider_pb2.CheckFailure(property=at, reason=f"{at} {reason}") for at, reason in failures],
        )

    @reported
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Tell what an update would change."""
        life = self.provider.lifecycle(token_of(request))
        difference = life.diff(_old_inputs(request), from_struct(request.news), list(request.ignoreChanges))
        delete_first = bool(difference.replaces) and difference.delete_first
        return diff_response(difference.changes, difference.replaces, delete_first=delete_first)

    @reported
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Create a resource."""
        inputs = from_struct(request.properties)
        life = self.provider.lifecycle(token_of(request))
        try:
            identifier, state = life.create(
                inputs, preview=request.preview, created=lambda each: note_creation(request.urn, each)
            )
        except PartialCreationError as error:
            self.abort_partial(context, error.identifier, error.state, inputs, self.message(request, error))
        return provider_pb2.CreateResponse(id=identifier, properties=to_struct(state))

    @reported
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Read a resource, for a refresh or an import."""
        life = self.provider.lifecycle(token_of(request))
        found = life.read(request.id, from_struct(request.properties), from_struct(request.inputs))
        if found is None:
            return provider_pb2.ReadResponse()
        state, inputs = found
        return provider_pb2.ReadResponse(id=request.id, properties=to_struct(state), inputs=to_struct(inputs))

    @reported
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Change a resource in place."""
        life = self.provider.lifecycle(token_of(request))
        state = life.update(
            request.id,
            from_struct(request.olds),
            _old_inputs(request),
            from_struct(request.news),
            list(request.ignoreChanges),
            preview=request.preview,
        )
        return provider_pb2.UpdateResponse(properties=to_struct(state))

    @reported
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Delete a resource."""
        self.provider.lifecycle(token_of(request)).delete(request.id, from_struct(request.properties))
        return empty_pb2.Empty()

    @reported
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


def _old_inputs(request: Any) -> dict[str, Any]:
    return from_struct(request.old_inputs if request.HasField("old_inputs") else request.olds)


def main() -> None:
    """Serve the engine that started this process."""
    serve(Service, workers=64)


if __name__ == "__main__":
    main()
