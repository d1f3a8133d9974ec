"""A stack with two updates behind it, of which a recovery undoes the second."""

from __future__ import annotations

from typing import Any

from infra.ops.recover import journal as journals
from infra.ops.recover.plan import RecoveryStep
from infra.ops.recover.run import Recovering
from infra.ops.state.lock import stack_locks
from infra.ops.state.points import find_point
from tests.infra.ops.cloud import BUCKET
from tests.infra.ops.state.world import KEYS, Bucket, at, resource, state

CONFIG, NODES, EXTRA = (f"test.example.com/{name}" for name in ("config", "instancegroup/nodes", "instancegroup/extra"))
GONE = "test.example.com/igconfig/node/nodes/kubelet"
BACKUP = "test.example.com/backups/etcd/1.db"


class World:
    """Two updates: the second changed a record, added one and deleted one."""

    def __init__(self, s3: Any = None) -> None:
        self.bucket = Bucket(bare=True, s3=s3)
        put = self.bucket.put
        put(CONFIG, "version: 1", at(-60.5), ContentType="text/yaml", Metadata={"mine": "kept"})
        put(NODES, "nodes", at(-60.5))
        put(GONE, "kubelet 1", at(-60.5))
        self.then = put(KEYS.state, state(resource("a")), at(-60))
        put(CONFIG, "version: 2", at(-30.5))
        put(EXTRA, "extra", at(-30.5))
        self.bucket.delete(GONE, at(-30.5))
        self.now = put(KEYS.state, state(resource("a"), resource("b")), at(-30))
        put(BACKUP, "snapshot", at(-20))
        self.s3 = self.bucket.s3
        self.versions = self.bucket.count()

    def recovering(self, s3: Any = None) -> Recovering:
        return Recovering(s3 or self.s3, self.bucket.spec, KEYS, "test")

    def target(self) -> Any:
        return find_point(self.s3, BUCKET, KEYS, self.then, env="test")

    def contents(self) -> list[bytes | None]:
        return [self.bucket.current(key) for key in (KEYS.state, CONFIG, NODES, EXTRA, GONE, BACKUP)]


THEN = [state(resource("a")), b"version: 1", b"nodes", None, b"kubelet 1", b"snapshot"]
NOW = [state(resource("a"), resource("b")), b"version: 2", b"nodes", b"extra", None, b"snapshot"]


def ignore(_: RecoveryStep) -> None:
    pass


def clean(world: World) -> None:
    assert stack_locks(world.s3, BUCKET, KEYS) == []
    assert journals.load(world.s3, BUCKET, KEYS, env="test") is None
    assert world.bucket.count() >= world.versions
