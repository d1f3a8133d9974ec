"""The server process: moto's dispatcher behind the gate, its data from the last snapshot."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import moto.iam.access_control as access_control
import moto.s3.models as s3_models
import moto.sqs.models as sqs_models
import waitress
from moto import backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from rehearsal.moto import NOTICE_NAME, SNAPSHOT_NAME, bodies, snapshot
from rehearsal.moto.addresses import end_interfaces_with_machines, free_addresses_of_gateways, keep_reserved_addresses
from rehearsal.moto.balancers import keep_protected_balancers
from rehearsal.moto.gate import Gate, GatedApplication
from rehearsal.moto.health import HealthApplication, complete_target_groups
from rehearsal.moto.images import ImagesApplication
from rehearsal.moto.listeners import complete_listeners
from rehearsal.moto.prefixes import complete_interfaces
from rehearsal.moto.saver import Saver
from rehearsal.moto.scaling import complete_groups
from rehearsal.moto.versions import complete_versions
from rehearsal.moto.volumes import complete_volumes

UNUSABLE_SNAPSHOT = 3
"""Exit status of a server that has snapshots and can use none of them."""

_RECEIVED_BYTES = 256 * 1024
_STATE_BYTES = 64 * 1024 * 1024
"""Bytes read at once, and up to which a request's body is kept out of files: a state has megabytes, and comes often."""


def prepare(data: Path) -> tuple[Gate, bodies.BodyStore]:
    """Make moto keep object contents under `data`, pickle its S3 keys, and not hold the gate in a long poll."""
    gate, store = Gate(), bodies.BodyStore(data / "bodies")
    bodies.use(store)
    _replace(s3_models, "tempfile", SimpleNamespace(SpooledTemporaryFile=bodies.new_body))
    _replace(s3_models.FakeKey, "__getstate__", _key_state)
    _replace(s3_models.FakeKey, "__setstate__", _restore_key)
    wait_for_messages = sqs_models.Queue.wait_for_messages

    def wait_outside(queue: Any, timeout: int) -> None:
        with gate.lent():
            wait_for_messages(queue, timeout)

    _replace(sqs_models.Queue, "wait_for_messages", wait_outside)
    services = frozenset(backends.list_of_moto_modules())
    # moto lists the folders of its package at each request.
    _replace(backends, "list_of_moto_modules", lambda: services)
    _leave_out_conditional_denials()
    keep_reserved_addresses()
    free_addresses_of_gateways()
    end_interfaces_with_machines()
    complete_interfaces()
    complete_groups()
    complete_volumes()
    complete_target_groups()
    complete_listeners()
    keep_protected_balancers()
    complete_versions()
    return gate, store


def _replace(owner: Any, name: str, replacement: Any) -> None:
    """Replace an attribute of moto's; AttributeError when this moto has none of that name to replace."""
    getattr(owner, name)
    setattr(owner, name, replacement)


def _leave_out_conditional_denials() -> None:
    """Make moto pass over a bucket policy's denial whose condition it cannot judge, in place of denying everything.

    moto 5.2.5 gives its policy check nothing of the request, and counts a condition that it cannot judge as one that
    denies. A bucket that is closed to unencrypted connections would be closed to all.
    """
    judge = access_control.IAMPolicyStatement.is_action_permitted

    def is_action_permitted(
        statement: Any, action: str, resource: str = "*", principal: Any = None, values: Any = None
    ) -> Any:
        document = statement._statement
        if document["Effect"] == "Deny" and "Condition" in document and values is None:
            return access_control.PermissionResult.NEUTRAL
        return judge(statement, action, resource, principal, values)

    _replace(access_control.IAMPolicyStatement, "is_action_permitted", is_action_permitted)


def _key_state(key: Any) -> dict[str, Any]:
    return {name: value for name, value in key.__dict__.items() if name != "lock"}


def _restore_key(key: Any, state: dict[str, Any]) -> None:
    key.__dict__.update(state)
    key.lock = threading.Lock()


def serve(port: int, data: Path) -> None:
    """Serve on that loopback port until SIGTERM or SIGINT, which take a last snapshot."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    notice_file = data / NOTICE_NAME
    gate, store = prepare(data)
    try:
        notice = snapshot.load_latest(data / SNAPSHOT_NAME)
    except snapshot.SnapshotError as error:
        print(error, file=sys.stderr)
        sys.exit(UNUSABLE_SNAPSHOT)
    notice_file.write_text(json.dumps({"pid": os.getpid(), "notice": notice}))
    if notice:
        print(notice, file=sys.stderr, flush=True)
    saver = Saver(data / SNAPSHOT_NAME, gate, store)
    dispatcher = HealthApplication(ImagesApplication(DomainDispatcherApplication(create_backend_app)))
    application = GatedApplication(dispatcher, gate, saver.changed)
    # waitress answered 600 requests a second where moto's own werkzeug server answered 380, and an idle connection
    # holds no thread. The threads are for long polls of queues; all others take their turn at the gate.
    server = waitress.create_server(
        application,
        host="127.0.0.1",
        port=port,
        threads=16,
        connection_limit=1000,
        channel_timeout=600,
        backlog=1024,
        clear_untrusted_proxy_headers=True,
        recv_bytes=_RECEIVED_BYTES,
        inbuf_overflow=_STATE_BYTES,
    )
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    saver.start()
    server.run()
    with gate.held():
        saver.save_now()
        os._exit(0)  # with the gate held: no request may be answered that the snapshot does not hold


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit  # ends waitress's loop


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.moto", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="loopback port to serve on")
    parser.add_argument("--data", type=Path, required=True, help="directory of the snapshots")
    options = parser.parse_args()
    serve(options.port, options.data)
