"""The `./rehearse` command: an environment on this machine, with no cloud account."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rehearsal import commands
from rehearsal.environment.environment import ROOT, Environment, environment_of
from rehearsal.environment.errors import RehearsalError
from rehearsal.environment.layout import known_environments

app = typer.Typer(
    name="rehearse",
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# A wide terminal is assumed where there is none, so that no path is broken in a log.
console = Console(width=None if sys.stdout.isatty() else 200, soft_wrap=True)
errors = Console(stderr=True, soft_wrap=True)

Name = Annotated[str, typer.Argument(metavar="ENV", help="Environment: stacks/Pulumi.ENV.yaml declares it.")]
Project = Annotated[
    Path, typer.Option("--project", help="Directory of another Pulumi project to rehearse.", show_default=False)
]
NoControlPlane = Annotated[
    bool,
    typer.Option("--no-control-plane", help="Leave Kubernetes out: for programs that create no object in it."),
]
MachinesOption = Annotated[
    bool,
    typer.Option(
        "--machines",
        help="Boot a systemd-nspawn machine for each instance, from its own user-data. Needs root on Linux.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask. Implied where there is no terminal.")]
Diff = Annotated[bool, typer.Option("--diff", help="Show each change property by property.")]
Parallel = Annotated[
    int | None, typer.Option("--parallel", "-p", min=1, help="Operations at a time; the engine's default is 4 a core.")
]


def _open(name: str, project: Path, no_control_plane: bool = False, tell: Console = console) -> Environment:
    return environment_of(name, project, tell, with_control_plane=not no_control_plane)


@app.command()
def up(
    env: Name = "local",
    diff: Diff = False,
    yes: Yes = False,
    parallel: Parallel = None,
    skip_preview: Annotated[bool, typer.Option("--skip-preview", help="Update without showing a preview.")] = False,
    no_control_plane: NoControlPlane = False,
    machines: MachinesOption = False,
    project: Project = ROOT,
) -> None:
    """Bring an environment up, or bring it to what its file now says."""
    options = [*commands.flags(diff=diff, skip_preview=skip_preview), *commands.parallel(parallel)]
    environment = _open(env, project, no_control_plane)
    environment.with_machines = machines
    raise typer.Exit(commands.up(environment, options, yes=yes))


@app.command()
def preview(
    env: Name = "local",
    diff: Diff = False,
    parallel: Parallel = None,
    no_control_plane: NoControlPlane = False,
    project: Project = ROOT,
) -> None:
    """Show what `up` would change, and change nothing."""
    options = ["preview", *commands.flags(diff=diff), *commands.parallel(parallel)]
    raise typer.Exit(commands.run(_open(env, project, no_control_plane), options, "Preview"))


@app.command()
def refresh(
    env: Name = "local",
    diff: Diff = False,
    yes: Yes = False,
    no_control_plane: NoControlPlane = False,
    project: Project = ROOT,
) -> None:
    """Find what was changed by hand, and take it into the stack's state."""
    options = ["refresh", *commands.flags(diff=diff, yes=commands.assume_yes(yes))]
    raise typer.Exit(commands.run(_open(env, project, no_control_plane), options, "Refresh"))


@app.command()
def destroy(
    env: Name = "local", yes: Yes = False, no_control_plane: NoControlPlane = False, project: Project = ROOT
) -> None:
    """Delete what the environment created, protected resources too; what is retained by design stays."""
    raise typer.Exit(commands.destroy(_open(env, project, no_control_plane), yes=yes))


@app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def pulumi(
    env: Name,
    arguments: Annotated[list[str], typer.Argument(metavar="-- ARGS...", help="What to pass to the engine.")],
    project: Project = ROOT,
) -> None:
    """Run any command of the engine in an environment: `pulumi local -- stack output`."""
    raise typer.Exit(commands.passthrough(_open(env, project), arguments))


@app.command("env")
def env_(env: Name = "local", project: Project = ROOT) -> None:
    """Print `export` lines: after `eval "$(./rehearse env)"`, plain pulumi, kubectl and aws work on the environment."""
    sys.stdout.write(commands.shell_lines(_open(env, project, tell=errors)))


@app.command()
def shell(env: Name = "local", project: Project = ROOT) -> None:
    """Open a shell in which plain pulumi, kubectl and aws work on the environment."""
    raise typer.Exit(commands.shell(_open(env, project)))


@app.command()
def start(env: Name = "local", no_control_plane: NoControlPlane = False, project: Project = ROOT) -> None:
    """Start an environment's processes: the AWS stand-in and the control plane."""
    commands.start(_open(env, project, no_control_plane))


@app.command()
def stop(env: Name = "local", project: Project = ROOT) -> None:
    """Stop an environment's processes. Its data are kept."""
    commands.stop(_open(env, project))


@app.command()
def status(
    env: Annotated[str | None, typer.Argument(metavar="ENV", help="One environment; all when left out.")] = None,
    project: Project = ROOT,
) -> None:
    """Show what runs and where its logs are."""
    names = [env] if env else known_environments()
    if not names:
        console.print("No environment is being rehearsed. `./rehearse up` brings `local` up.")
    for name in names:
        commands.status(_open(name, project))


@app.command()
def boots(env: Name = "local", project: Project = ROOT) -> None:
    """Show of each machine where its first boot went, step by step."""
    commands.boots(_open(env, project))


@app.command()
def down(env: Name = "local", yes: Yes = False, project: Project = ROOT) -> None:
    """Stop an environment and delete all it has: data, logs, keys."""
    commands.down(_open(env, project), yes=yes)


@app.command()
def logs(
    env: Name,
    component: Annotated[str | None, typer.Argument(help="Whose log; they are listed when left out.")] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many lines, from the end.")] = 50,
    project: Project = ROOT,
) -> None:
    """Show the end of a process's log."""
    commands.logs(_open(env, project), component, lines)


def main() -> None:
    """Run the command; what a user can act on is told in one message, without a traceback."""
    try:
        app()
    except RehearsalError as error:
        errors.print("[red]error:[/red] ", end="")
        errors.print(str(error), markup=False, highlight=False)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        errors.print("Interrupted. Nothing is lost: the same command goes on from here.")
        sys.exit(130)
