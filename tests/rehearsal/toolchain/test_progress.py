from __future__ import annotations

import io

import pytest
from rich.console import Console

from rehearsal.toolchain.progress import BuildProgress, duration


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (245, "4 min 05 s")])
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_elsewhere_than_on_a_terminal_a_line_comes_every_fifteen_seconds() -> None:
    clock, out = Clock(), io.StringIO()
    with BuildProgress(Console(file=out, width=40), "etcd-3.7.3", clock) as progress:
        progress.phase("fetching modules", "downloaded")
        progress.advance()
        for clock.now in (101.0, 114.9, 115.0, 116.0, 129.9):
            progress.tick()
        progress.phase("compiling", "packages", 563)
        progress.advance()
        progress.advance()
        clock.now = 130.0
        progress.tick()
        progress.phase("linking")
        clock.now = 175.0
        progress.tick()
    assert out.getvalue().splitlines() == [
        "etcd-3.7.3: fetching modules, 1 downloaded (15 s)",
        "etcd-3.7.3: compiling, 2 of 563 packages (30 s)",
        "etcd-3.7.3: linking (1 min 15 s)",
    ]


def test_waiting_names_the_holder_once_and_then_now_and_then() -> None:
    clock, out = Clock(), io.StringIO()
    with BuildProgress(Console(file=out), "etcd-3.7.3", clock) as progress:
        for clock.now in (100.5, 101.0, 116.0):
            progress.waiting("process 7, building since 08:00:00")
    assert out.getvalue().splitlines() == [
        "etcd-3.7.3: waiting for process 7, building since 08:00:00.",
        "etcd-3.7.3: waiting for process 7, building since 08:00:00 (16 s)",
    ]


def test_on_a_terminal_the_line_lives_and_goes() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=120)
    with BuildProgress(console, "etcd-3.7.3") as progress:
        progress.phase("compiling", "packages", 563)
        progress.advance()
    assert "etcd-3.7.3: compiling" in out.getvalue()
    assert "1 of 563 packages" in out.getvalue()
    assert out.getvalue().endswith("\x1b[2K")
