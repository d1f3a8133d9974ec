"""What every stand-in plugin answers alike, and how what a call raises reaches the engine."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, ClassVar, TypeVar

import grpc
from google.protobuf import any_pb2, empty_pb2

from rehearsal.providers.base.diff import Change, Kind
from rehearsal.providers.base.protos import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2
from rehearsal.providers.base.values import to_struct

_Call = TypeVar("_Call", bound=Callable[..., Any])

_KINDS = {Kind.ADD: "ADD", Kind.DELETE: "DELETE", Kind.UPDATE: "UPDATE"}


def reported(call: _Call) -> _Call:
    """Turn what a call may raise into the engine's errors; what it should not raise is reported with its traceback."""

    @wraps(call)
    def wrapper(self: PluginService, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return call(self, request, context)
        except self.failures as error:
            context.abort(grpc.StatusCode.UNKNOWN, self.message(request, error))
        except Exception as error:  # the process's boundary: the engine must hear of a bug, with its place
            if context.code() is not None:
                raise  # aborted already
            print(traceback.format_exc(), file=sys.stderr)
            where = self.place(request)
            context.abort(
                grpc.StatusCode.INTERNAL,
                f"the stand-in for the {self.plugin} plugin failed in {call.__name__}{where}: {error!r}",
            )

    return wrapper  # type: ignore[return-value]


class PluginService(provider_pb2_grpc.ResourceProviderServicer):  # type: ignore[misc]
    """The part of ``pulumirpc.ResourceProvider`` that does not depend on the plugin. Names are the protocol's."""

    plugin: ClassVar[str]
    """Name of the plugin that this one stands in for."""
    version: ClassVar[str]
    """Version of it."""
    failures: ClassVar[tuple[type[Exception], ...]]
    """What a call may raise for the user to read."""

    def message(self, request: Any, error: Exception) -> str:  # noqa: ARG002 (for those that name the resource)
        """Return what the user reads of a failure."""
        return str(error)

    def place(self, request: Any) -> str:  # noqa: ARG002 (for those that name the resource)
        """Return where a bug showed, to follow the name of the call."""
        return ""

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Take the address of an engine that did not start this process."""
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Name the version that this plugin stands in for."""
        return plugin_pb2.PluginInfo(version=self.version)

    def GetMapping(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802, ARG002
        """Offer no mapping from other tools' providers."""
        return provider_pb2.GetMappingResponse()

    def variables(self, request: Any) -> dict[str, str]:
        """Return the plugin's settings of a Configure request that names them as the stack's configuration does."""
        prefix = f"{self.plugin}:config:"
        return {key.removeprefix(prefix): value for key, value in request.variables.items() if key.startswith(prefix)}

    def abort_partial(
        self,
        context: grpc.ServicerContext,
        identifier: str,
        state: Mapping[str, Any],
        inputs: Mapping[str, Any],
        reason: str,
    ) -> None:
        """End a call whose thing exists although it failed, so that the engine keeps it in the state."""
        detail = any_pb2.Any()
        detail.Pack(
            provider_pb2.ErrorResourceInitFailed(
                id=identifier, properties=to_struct(state), inputs=to_struct(inputs), reasons=[reason]
            )
        )
        code = grpc.StatusCode.UNKNOWN
        status = status_pb2.Status(code=code.value[0], message=reason, details=[detail])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(code, reason)


def token_of(request: Any) -> str:
    """Return the resource's type: from its field, or from the URN of an engine that does not fill it in."""
    token: str = request.type or request.urn.split("::")[2].rpartition("$")[2]
    return token


def check_config_response(request: Any, problems: Iterable[str]) -> Any:
    """Return the provider's settings unchanged, and what is wrong with them."""
    failures = [provider_pb2.CheckFailure(reason=line) for line in problems]
    return provider_pb2.CheckResponse(inputs=request.news, failures=failures)


def changed_settings(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    """Return the names of the provider's settings that differ."""
    return sorted(key for key in olds.keys() | news.keys() if olds.get(key) != news.get(key))


def diff_config_response(changed: list[str], replaces: list[str]) -> Any:
    """Return which of the provider's settings changed, and which of these mean another provider."""
    response = provider_pb2.DiffResponse
    some = response.DIFF_SOME if changed else response.DIFF_NONE
    return response(changes=some, diffs=changed, replaces=replaces)


def diff_response(changes: Iterable[tuple[Change, bool]], replaces: list[str], *, delete_first: bool) -> Any:
    """Return a difference as the engine takes it: each change with whether it forces a replacement."""
    changes = list(changes)
    detailed = {
        change.text: provider_pb2.PropertyDiff(
            kind=provider_pb2.PropertyDiff.Kind.Value(_KINDS[change.kind] + ("_REPLACE" if replace else "")),
            inputDiff=True,
        )
        for change, replace in changes
    }
    response = provider_pb2.DiffResponse
    return response(
        changes=response.DIFF_SOME if detailed else response.DIFF_NONE,
        diffs=sorted({str(change.path[0]) for change, _ in changes}),
        replaces=replaces,
        deleteBeforeReplace=delete_first,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )
