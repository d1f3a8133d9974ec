from __future__ import annotations

from rehearsal.machines.requirements import missing_requirements


def found(_program: str) -> str | None:
    return "/usr/bin/program"


def test_root_on_linux_with_all_programs_lacks_nothing() -> None:
    assert missing_requirements(platform="linux", user=0, which=found, overlay=True) == []


def test_another_system_is_told_first() -> None:
    assert missing_requirements(platform="darwin", user=501, which=found, overlay=True) == [
        "Machines are Linux containers, and this is darwin."
    ]


def test_everything_that_lacks_is_told_together_with_what_to_do() -> None:
    reasons = missing_requirements(
        platform="linux", user=1000, which=lambda name: None if name == "systemd-nspawn" else name, overlay=False
    )
    assert reasons == [
        "Machines need root: they have namespaces, mounts and block devices of their own.",
        "Not found: systemd-nspawn. On Debian, install systemd-container.",
        "This kernel has no overlayfs, on which machines share their base.",
    ]
