"""Runs one Pulumi program in this process, as the vendor's executor would in its own.

Follows `pulumi-language-python-exec` of the Pulumi SDK for what the program sees and how its failures are told.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import json
import logging
import os
import runpy
import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pulumi
from pulumi import log
from pulumi.runtime import Settings, configure, run_in_stack, set_all_config
from pulumi.runtime.proto import language_pb2


def run(request: Any, engine_address: str, import_root: str) -> Any:
    """Run the program of a `RunRequest` and return its `RunResponse`.

    `import_root` is the directory this host itself was imported from; the program does not see it on `sys.path`.
    A failure the user has already been told of sets `bail`; any other sets `error`.
    """
    return contextvars.copy_context().run(_run, request, engine_address, import_root)


def _run(request: Any, engine_address: str, import_root: str) -> Any:
    program = _program_path(request)
    _configure(request, engine_address)
    # The program model leaves futures unobserved when it fails; asyncio would log each of them.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    # Each registration holds a thread until the engine answers; the SDK's own server takes four times `parallel` too.
    loop.set_default_executor(ThreadPoolExecutor(max_workers=max(request.parallel, 1) * 4))
    asyncio.set_event_loop(loop)
    try:
        with _as_started_by_the_user(request, program, import_root):
            return _outcome(loop, program)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        _close(loop)


def _program_path(request: Any) -> Path:
    directory = request.info.program_directory or request.pwd
    return Path(directory, request.info.entry_point or request.program or ".").resolve()


def _configure(request: Any, engine_address: str) -> None:
    config, secret_keys = dict(request.config), list(request.configSecretKeys)
    # The variables are for code that reads them itself, such as a subprocess of the program.
    os.environ["PULUMI_CONFIG"] = json.dumps(config)
    os.environ["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(secret_keys)
    set_all_config(config, secret_keys)
    configure(
        Settings(
            monitor=request.monitor_address,
            engine=engine_address,
            project=request.project,
            stack=request.stack,
            parallel=request.parallel,
            dry_run=request.dryRun,
            organization=request.organization or "organization",
            root_directory=request.info.root_directory or request.pwd,
        )
    )


@contextmanager
def _as_started_by_the_user(request: Any, program: Path, import_root: str) -> Iterator[None]:
    """Set what a started program sees, and take it and the modules it imported from its directory back at the end.

    The engine may ask one host to run twice (preview, then update); the second run must not meet the first one's
    module state, which under the vendor's host is in another process.
    """
    before = (sys.argv, list(sys.path), set(sys.modules), Path.cwd())
    sys.argv = [str(program), *request.args]
    sys.path[:] = [entry for entry in sys.path if entry != import_root]
    os.chdir(request.pwd)
    try:
        yield
    finally:
        sys.argv = before[0]
        sys.path[:] = before[1]
        os.chdir(before[3])
        directory = program if program.is_dir() else program.parent
        for name in set(sys.modules) - before[2]:
            if _is_under(getattr(sys.modules[name], "__file__", None), directory):
                del sys.modules[name]


def _is_under(file: str | None, directory: Path) -> bool:
    return file is not None and "site-packages" not in file and Path(file).is_relative_to(directory)


def _outcome(loop: asyncio.AbstractEventLoop, program: Path) -> Any:
    try:
        loop.run_until_complete(run_in_stack(lambda: _execute(program)))
    except pulumi.RunError as error:
        log.error(str(error))
        return language_pb2.RunResponse(bail=True)
    except SystemExit as leaving:
        if leaving.code in (None, 0):
            return language_pb2.RunResponse()
        return language_pb2.RunResponse(error=f"Program exited with non-zero exit code: {leaving.code}")
    except grpc.RpcError as error:
        # An engine that has gone away has told the user why; there is nobody left to tell.
        if error.code() == grpc.StatusCode.UNAVAILABLE:
            return language_pb2.RunResponse(bail=True)
        return _failed(program)
    except Exception:  # noqa: BLE001  the boundary between the user's program and the engine
        return _failed(program)
    return language_pb2.RunResponse()


def _execute(program: Path) -> None:
    if program.is_dir() and not (program / "__main__.py").is_file():
        raise pulumi.RunError(f"unable to find main python program `__main__.py` in `{program}`")
    # The vendors' SDKs make hundreds of thousands of objects that live as long as the process. Collecting garbage among
    # them again and again takes about a sixth of a small program's time.
    gc.set_threshold(200_000, 50, 50)
    runpy.run_path(str(program), run_name="__main__")


def _failed(program: Path) -> Any:
    log.error(f"Program failed with an unhandled exception:\n{_user_traceback(program)}")
    return language_pb2.RunResponse(bail=True)


def _user_traceback(program: Path) -> str:
    """Return the current exception's traceback from the program's first frame on."""
    main = program / "__main__.py" if program.is_dir() else program
    frames = traceback.extract_tb(sys.exc_info()[2])
    for index, frame in enumerate(frames):
        if Path(frame.filename).resolve() == main:
            return traceback.format_exc(limit=index - len(frames))
    return traceback.format_exc()


def _close(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what a failed program left unfinished, so that closing the loop prints no warning."""
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    if pending:
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    asyncio.set_event_loop(None)
    loop.close()
