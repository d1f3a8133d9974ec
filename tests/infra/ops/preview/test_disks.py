"""Volumes that grow: what is said of the room that is not there at once."""

from __future__ import annotations

from tests.infra.ops.preview.made import VOLUME, report_of, step


def test_a_volume_of_etcd_that_grows_has_room_after_the_next_boot() -> None:
    grown = [step("update", VOLUME, name, {"size": 20}, {"size": 40}) for name in ("cp-b", "cp-a")]
    faster = step("update", VOLUME, "cp-c", {"size": 20, "iops": 3000}, {"size": 20, "iops": 4000})
    told = [each for each in report_of(*grown, faster).sentences if "of etcd" in each]
    assert told == [
        "2 volumes of etcd (cp-a, cp-b): 20 → 40 GiB, without a pause. The file system takes up the room when the "
        "member's machine boots next, as in `slipway roll`."
    ]
