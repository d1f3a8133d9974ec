"""The gRPC server of the language host: its life and its calls.

The engine waits for the port on standard output and then for the first answer, so both come before the Pulumi SDK is
imported (0.6 s): calls are registered by name, and the first of them waits for the SDK to decode it. The main thread
imports the SDK meanwhile and then runs programs, because signal handlers may only be set there.
"""

from __future__ import annotations

import os
import queue
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module, metadata
from types import FrameType
from typing import Any

if "TRACEPARENT" in os.environ:
    import pulumi  # noqa: F401  tracing must patch grpc before anything imports it

import grpc

SERVICE = "pulumirpc.LanguageRuntime"

# The engine sets no limit of its own; the SDK's channels use this one (400 MB, `_grpc_settings.py`).
_OPTIONS = [("grpc.max_receive_message_length", 400 << 20), ("grpc.max_send_message_length", 400 << 20)]

_Handler = Callable[[Any, grpc.ServicerContext], Any]


# Two threads that import the SDK at once meet each other's half-made modules: calls wait for the main thread's import.
_sdk_imported = threading.Event()


class LanguageHost:
    """Answers `pulumirpc.LanguageRuntime`; programs run in the thread that calls `serve_programs`."""

    def __init__(self, engine_address: str, import_root: str) -> None:
        self.engine_address = engine_address
        self._import_root = import_root
        self._runs: queue.Queue[tuple[Any, Future[Any]] | None] = queue.Queue()

    def handlers(self) -> dict[str, grpc.RpcMethodHandler]:
        """Return the calls this host answers, by method name."""
        language, empty = "language_pb2", ""
        return {
            "Handshake": _unary(self._handshake, language, "LanguageHandshakeRequest"),
            "GetPluginInfo": _unary(self._plugin_info, empty, "Empty"),
            "GetRequiredPlugins": _unary(_answer("GetRequiredPluginsResponse"), language, "GetRequiredPluginsRequest"),
            "GetRequiredPackages": _unary(
                _answer("GetRequiredPackagesResponse"), language, "GetRequiredPackagesRequest"
            ),
            "RuntimeOptionsPrompts": _unary(_answer("RuntimeOptionsResponse"), language, "RuntimeOptionsRequest"),
            "GetProgramDependencies": _unary(_dependencies, language, "GetProgramDependenciesRequest"),
            "About": _unary(_about, language, "AboutRequest"),
            "InstallDependencies": grpc.unary_stream_rpc_method_handler(
                _install_dependencies,
                request_deserializer=_decoder(language, "InstallDependenciesRequest"),
                response_serializer=_encode,
            ),
            "Run": _unary(self._run, language, "RunRequest"),
            "RunPlugin": grpc.unary_stream_rpc_method_handler(
                _run_plugin, request_deserializer=_decoder(language, "RunPluginRequest"), response_serializer=_encode
            ),
            "Cancel": _unary(self._cancel, empty, "Empty"),
        }

    def serve_programs(self) -> None:
        """Run the programs the engine asks for, one after the other, until the host is stopped."""
        program = import_module("rehearsal.language.program")
        _sdk_imported.set()
        while (item := self._runs.get()) is not None:
            request, done = item
            try:
                done.set_result(program.run(request, self.engine_address, self._import_root))
            except BaseException as failure:  # noqa: BLE001  the process boundary: the engine gets it as an RPC error
                done.set_exception(failure)

    def stop(self) -> None:
        """Let `serve_programs` return after the program that is running."""
        self._runs.put(None)

    def _run(self, request: Any, _context: grpc.ServicerContext) -> Any:
        done: Future[Any] = Future()
        self._runs.put((request, done))
        return done.result()

    def _handshake(self, request: Any, _context: grpc.ServicerContext) -> Any:
        self.engine_address = request.engine_address or self.engine_address
        return _message("language_pb2", "LanguageHandshakeResponse")()

    def _plugin_info(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        return _message("plugin_pb2", "PluginInfo")(version=metadata.version("pulumi"))

    def _cancel(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        self.stop()
        return _message("", "Empty")()


def _message(module: str, name: str) -> Any:
    """Return a protobuf class once the SDK is imported; an empty module means google.protobuf.Empty."""
    _sdk_imported.wait()
    if not module:
        return getattr(import_module("google.protobuf.empty_pb2"), name)
    return getattr(import_module(f"pulumi.runtime.proto.{module}"), name)


def _decoder(module: str, name: str) -> Callable[[bytes], Any]:
    return lambda data: _message(module, name).FromString(data)


def _encode(message: Any) -> bytes:
    encoded: bytes = message.SerializeToString()
    return encoded


def _unary(handler: _Handler, module: str, request: str) -> grpc.RpcMethodHandler:
    return grpc.unary_unary_rpc_method_handler(
        handler, request_deserializer=_decoder(module, request), response_serializer=_encode
    )


def _answer(name: str) -> _Handler:
    """Return a handler that answers with an empty message of that name.

    An empty list of required packages makes the engine load each plugin when a resource first needs it, instead of
    downloading vendor plugins before the program runs.
    """
    return lambda _request, _context: _message("language_pb2", name)()


def _about(_request: Any, _context: grpc.ServicerContext) -> Any:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return _message("language_pb2", "AboutResponse")(executable=sys.executable, version=version)


def _dependencies(_request: Any, _context: grpc.ServicerContext) -> Any:
    dependency = _message("language_pb2", "DependencyInfo")
    installed = sorted({(dist.name, dist.version) for dist in metadata.distributions()})
    return _message("language_pb2", "GetProgramDependenciesResponse")(
        dependencies=[dependency(name=name, version=version) for name, version in installed]
    )


def _install_dependencies(_request: Any, _context: grpc.ServicerContext) -> Iterator[Any]:
    """Say that nothing is installed: the interpreter that runs this host already holds the requirements."""
    note = f"Using the packages of {sys.executable}\n"
    yield _message("language_pb2", "InstallDependenciesResponse")(stdout=note.encode())


def _run_plugin(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
    plugin = import_module("rehearsal.language.plugin")
    try:
        yield from plugin.run_plugin(request, context.add_callback)
    except OSError as error:
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))


def _exit_now(_signal: int | None = None, _frame: FrameType | None = None) -> None:
    """Leave at once. Threads may be blocked in calls to an engine that is gone, and Python would wait for them."""
    if (plugin := sys.modules.get("rehearsal.language.plugin")) is not None:
        plugin.end_all()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _watch_engine() -> None:
    """Exit when the engine's end of our standard input closes: that is how a killed engine is noticed.

    The program gets an empty standard input, as under the vendor's host.
    """
    if not stat.S_ISFIFO(os.fstat(0).st_mode):
        return
    engine_end = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)

    def wait() -> None:
        while os.read(engine_end, 4096):
            pass
        _exit_now()

    threading.Thread(target=wait, name="engine-watch", daemon=True).start()


def main() -> None:
    """Serve the engine whose address is the last argument until it interrupts us or disappears."""
    if len(sys.argv) < 2:
        sys.exit("pulumi-language-python is started by the Pulumi engine, which passes its address as an argument")
    signal.signal(signal.SIGINT, _exit_now)
    signal.signal(signal.SIGTERM, _exit_now)
    host = LanguageHost(engine_address=sys.argv[-1], import_root=sys.path[0])
    server = grpc.server(ThreadPoolExecutor(max_workers=8), options=_OPTIONS)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, host.handlers()),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    _watch_engine()
    host.serve_programs()
    server.stop(grace=1).wait()
    _exit_now()
