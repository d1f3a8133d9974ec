"""The environment as its last update recorded it in the state bucket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from infra.ops.aws import require_account, session_for
from infra.ops.errors import OpsError
from infra.ops.state.versions import read, versions_of
from infra.plan.recorded import environment_recorded, groups_recorded
from infra.plan.state_layout import config_key_of, instance_groups_prefix_of
from infra.spec import EnvironmentSpec
from infra.spec.place import Place


@dataclass(frozen=True)
class Recorded:
    """What the last update declared."""

    spec: EnvironmentSpec
    time: datetime
    """When the youngest of the records was written: an update leaves those that do not change as they are."""


def recorded_environment(place: Place) -> Recorded:
    """Return the environment of this place as it was last recorded.

    Raises:
        OpsError: there are no credentials of its account, nothing was recorded, or it cannot be read.
    """
    session = session_for(place)
    require_account(place, session)
    s3, key = session.client("s3"), config_key_of(place.cluster)
    where = f"{key} in bucket {place.bucket}"
    cluster = _newest(s3, place.bucket, key)
    if cluster is None:
        raise OpsError("no update has recorded the environment", where, "correct the files: nothing else says what is")
    with _told(where):
        names = groups_recorded(cluster.text)
    prefix = instance_groups_prefix_of(place.cluster)
    groups = [each for name in names if (each := _newest(s3, place.bucket, f"{prefix}{name}")) is not None]
    if len(groups) < len(names):
        raise _unreadable(where, "it names groups of which there is no record")
    with _told(where):
        spec = environment_recorded(cluster.text, [group.text for group in groups])
    return Recorded(spec, max(each.time for each in (cluster, *groups)))


@contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise _unreadable(where, " ".join(str(error).split())) from None


def _unreadable(where: str, reason: str) -> OpsError:
    fix = "correct the files, or use the version of Slipway that made the last update"
    return OpsError("the record of the last update cannot be read", f"{where}: {reason}", fix)


@dataclass(frozen=True)
class _Record:
    text: str
    time: datetime


def _newest(s3: Any, bucket: str, key: str) -> _Record | None:
    version = next(versions_of(s3, bucket, key), None)
    if version is None or version.deleted:
        return None
    return _Record((read(s3, bucket, key, version.version_id) or b"").decode(errors="replace"), version.time)
