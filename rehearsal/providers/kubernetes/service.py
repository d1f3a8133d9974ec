"""The gRPC front of the provider: `pulumirpc.ResourceProvider`, as the engine calls it."""

from __future__ import annotations

import json
from typing import Any

import grpc
from google.protobuf import empty_pb2

from rehearsal.journal import note_creation
from rehearsal.providers.base.protos import engine_pb2, engine_pb2_grpc, provider_pb2
from rehearsal.providers.base.service import (
    PluginService,
    changed_settings,
    check_config_response,
    diff_config_response,
    diff_response,
    reported,
    token_of,
)
from rehearsal.providers.base.serving import CHANNEL_OPTIONS, serve
from rehearsal.providers.base.values import from_struct, has_unknown, to_struct
from rehearsal.providers.kubernetes.inputs import Properties
from rehearsal.providers.kubernetes.naming import object_id
from rehearsal.providers.kubernetes.operations import PartialError
from rehearsal.providers.kubernetes.provider import FAILURES, Provider
from rehearsal.providers.kubernetes.settings import SettingsError, parse_settings


class Service(PluginService):
    """Answers the engine. `engine_address` is where messages for the user go; None drops them."""

    plugin = "kubernetes"
    version = "4.34.2"
    failures = (SettingsError, *FAILURES)

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

    @reported
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Refuse settings that this plugin does not know."""
        problems: list[str] = []
        try:
            known = {key: value for key, value in from_struct(request.news).items() if not has_unknown(value)}
            parse_settings(_settings(known), self.provider.environment)
        except SettingsError as error:
            problems = str(error).splitlines()
        return check_config_response(request, problems)

    @reported
    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Tell whether the provider points at another cluster, whose objects would have to be made anew."""
        olds, news = from_struct(request.old_inputs or request.olds), from_struct(request.news)
        changed = changed_settings(olds, news)
        if "clusterIdentifier" in olds and "clusterIdentifier" in news:
            replaces = [key for key in changed if key == "clusterIdentifier"]
        else:
            replaces = [key for key in changed if key in ("context", "cluster")]
        return diff_config_response(changed, replaces)

    @reported
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Take the settings and look for the cluster."""
        self.provider.configure(_settings(from_struct(request.args) or self.variables(request)))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    @reported
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Complete a resource's inputs and say what is wrong with them."""
        inputs, failures = self.provider.check(
            request.urn,
            token_of(request),
            from_struct(request.olds),
            from_struct(request.news),
            request.randomSeed,
            _proposed_name(request),
        )
        return provider_pb2.CheckResponse(
            inputs=to_struct(inputs), failures=[provider_pb2.CheckFailure(reason=text) for text in failures]
        )

    @reported
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Tell what an update would change."""
        difference = self.provider.diff(
            token_of(request), from_struct(request.olds), from_struct(request.news), list(request.ignoreChanges)
        )
        return diff_response(difference.changes, difference.replaces, delete_first=difference.delete_first)

    @reported
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Create an object."""
        inputs = from_struct(request.properties)
        try:
            new_id, state = self.provider.create(
                request.urn, token_of(request), inputs, request.timeout, preview=request.preview
            )
        except PartialError as error:
            note_creation(request.urn, object_id(error.live))
            self._abort_partial(context, error, inputs, {})
        if new_id:
            note_creation(request.urn, new_id)
        return provider_pb2.CreateResponse(id=new_id, properties=to_struct(state))

    @reported
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Read an object, for a refresh or an import."""
        found, state, inputs = self.provider.read(
            request.urn, token_of(request), request.id, from_struct(request.properties), from_struct(request.inputs)
        )
        if not found:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=found, properties=to_struct(state), inputs=to_struct(inputs))

    @reported
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

    @reported
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Delete an object."""
        state = from_struct(request.properties)
        try:
            self.provider.delete(request.urn, token_of(request), request.id, state, request.timeout)
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
        self.abort_partial(context, new_id, kept, inputs, str(error))

    def _warn(self, urn: str, text: str) -> None:
        if self._engine is None and self._engine_address:
            channel = grpc.insecure_channel(self._engine_address, options=CHANNEL_OPTIONS)
            self._engine = engine_pb2_grpc.EngineStub(channel)
        if self._engine is not None:
            self._engine.Log(
                engine_pb2.LogRequest(severity=engine_pb2.LogSeverity.Value("WARNING"), message=text, urn=urn)
            )


def _proposed_name(request: Any) -> str | None:
    if not request.HasField("autonaming"):
        return None
    options = provider_pb2.CheckRequest.AutonamingOptions
    return "" if request.autonaming.mode == options.DISABLE else str(request.autonaming.proposed_name)


def _settings(given: Properties) -> Properties:
    """Return the settings with objects, which the engine passes as JSON text, left as text: none is read here."""
    return {key: json.dumps(value) if isinstance(value, dict | list) else value for key, value in given.items()}


def main() -> None:
    """Serve the engine that started this process."""
    serve(Service, workers=64)


if __name__ == "__main__":
    main()
