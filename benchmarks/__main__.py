"""``python -m benchmarks``: Slipway beside the engine's own floor, at several sizes, in one run.

For each size an environment over three zones is brought up in a rehearsal of its own, and so is a program with as many
resources of the most trivial kind (``pulumi.Stash``, which the engine keeps without any plugin). Both have the same
engine, language host and S3 backend. The floor makes no call to AWS: what an ``up`` costs beyond it is mostly the
AWS stand-in's work, which the figures of ``preview`` do not contain.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.environments import environment
from benchmarks.measure import Figures, measure
from benchmarks.report import Row, growth_table, table
from infra.plan.environment import plan_environment
from infra.plan.inventory import inventory
from rehearsal.environment import stack
from rehearsal.environment.environment import Environment, environment_of
from rehearsal.environment.variables import process_environment
from rehearsal.project import ROOT, write_project

STEPS = {
    "preview": ["preview"],
    "up": ["up", "--yes", "--skip-preview"],
    "no-change preview": ["preview"],
    "no-change up": ["up", "--yes", "--skip-preview"],
}
FLOOR_PROGRAM = ROOT / "benchmarks" / "floor" / "__main__.py"

console = Console(stderr=True, soft_wrap=True)


def run_steps(env: Environment, logs: Path, *, previews: bool) -> dict[str, Figures]:
    """Bring an environment up step by step, or with ``previews`` only look, and return what each step cost."""
    env.prepare()
    env.start()
    env.bootstrap()
    stack.create(env)
    engine = env.engine()
    steps = {"preview": STEPS["preview"]} if previews else STEPS
    figures = {}
    for step, arguments in steps.items():
        log = logs / f"{env.layout.name}-{step.replace(' ', '-')}.log"
        command = engine.command([*arguments, "--non-interactive"])
        figures[step] = measure(command, cwd=env.project, env=process_environment(engine.variables), log=log)
        console.print(f"  {env.layout.name} {step}: {figures[step].seconds:.1f} s, {figures[step].peak_mib:.0f} MiB")
    return figures


def evaluation(stack_file: Path, logs: Path) -> Figures:
    """Return what the program costs by itself, without an engine."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.evaluate", str(stack_file)]
    return measure(command, cwd=ROOT, env=os.environ, log=logs / f"evaluate-{stack_file.stem}.log")


def benchmark(groups: int, folder: Path, *, previews: bool) -> list[Row]:
    """Return the rows of one size."""
    name = f"groups-{groups}"
    ours = environment_of(
        name,
        write_project(folder / name, name, environment(groups)),
        console,
        with_control_plane=not previews,  # an update puts the add-ons into the cluster
    )
    try:
        evaluated = evaluation(ours.stack_file, folder)
        figures = run_steps(ours, folder, previews=previews)
        count = sum(inventory(plan_environment(ours.spec)).values())
    finally:
        ours.stop()
    floor_name = f"floor-{groups}"
    project = write_project(
        folder / floor_name, floor_name, environment(groups), program=FLOOR_PROGRAM, floorCount=str(count)
    )
    floor = environment_of(floor_name, project, console, with_control_plane=False)
    try:
        floor_figures = run_steps(floor, folder, previews=previews)
    finally:
        floor.stop()
    rows = [Row("evaluation alone", groups, count, evaluated, None)]
    return rows + [Row(step, groups, count, figures[step], floor_figures[step]) for step in figures]


def main(
    sizes: Annotated[str, typer.Option(help="Numbers of instance groups, with commas between.")] = "10,100,1000",
    write: Annotated[Path | None, typer.Option(help="Write the report to this file as well.")] = None,
    previews: Annotated[
        bool, typer.Option("--previews", help="Preview a first update, and make none: minutes with 1,000 groups.")
    ] = False,
) -> None:
    """Measure and print the report as Markdown. With 1,000 groups this takes long: most of it in the AWS stand-in."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="slipway-benchmark-") as temporary:
        os.environ["SLIPWAY_STATE_HOME"] = str(Path(temporary) / "state")
        for groups in map(int, sizes.split(",")):
            console.print(f"{groups} instance groups", highlight=False)
            rows += benchmark(groups, Path(temporary), previews=previews)
            text = f"{table(rows)}\n\n{growth_table(rows)}\n"
            if write is not None:
                write.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    typer.run(main)
