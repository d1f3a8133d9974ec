"""What each verb of `./rehearse` does, in the order a reader may follow."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime

import typer
from rich.table import Table

from rehearsal import controlplane
from rehearsal.controlplane.layout import Layout as ControlPlaneLayout
from rehearsal.environment import stack
from rehearsal.environment.environment import Environment
from rehearsal.environment.errors import RehearsalError
from rehearsal.environment.lock import EnvironmentBusy, locked
from rehearsal.environment.phases import Phases
from rehearsal.environment.variables import as_shell, process_environment
from rehearsal.moto import SNAPSHOT_NAME

_LEFT_ASIDE = "The files have mistakes. Until they are mended the engine reads what they said before."


def flags(**given: bool) -> list[str]:
    """Return `--name` for each flag that is set."""
    return [f"--{name.replace('_', '-')}" for name, is_set in given.items() if is_set]


def parallel(count: int | None) -> list[str]:
    """Return the engine's option for that many operations at a time; nothing for its default."""
    return [] if count is None else ["--parallel", str(count)]


def assume_yes(yes: bool) -> bool:
    """Return whether to go on unasked: when told so, or when there is nobody at a terminal to ask."""
    return yes or not sys.stdin.isatty()


def up(environment: Environment, options: Sequence[str], *, yes: bool) -> int:
    """Bring the environment up and say how to look at it; return the engine's exit status."""
    spec = environment.spec
    groups = len(spec.instance_groups)
    environment.console.print(
        f"Rehearsing [bold]{environment.layout.name}[/bold] on this machine: cluster {spec.cluster.name}, "
        f"{groups} instance group{'s' if groups != 1 else ''}, account {spec.account_id}, {spec.region}. "
        f"Nothing reaches AWS. Its data: {environment.layout.root}",
        highlight=False,
    )
    with _working(environment, "up") as phases:
        arguments = ["up", *options, *flags(yes=assume_yes(yes))]
        outcome = _engine(environment, phases, "Update", arguments)
        if outcome == 0:
            _tell_how_to_go_on(environment)
        environment.console.print(f"Took {phases.summary()}.", highlight=False)
    return outcome


def run(environment: Environment, arguments: Sequence[str], name: str) -> int:
    """Run a command of the engine on the running environment; return its exit status."""
    with _working(environment, arguments[0]) as phases:
        return _engine(environment, phases, name, arguments)


def destroy(environment: Environment, *, yes: bool) -> int:
    """Destroy the stack's resources and say what stays; return the engine's exit status."""
    _require_known(environment)
    with _working(environment, "destroy") as phases:
        engine = environment.engine()
        if not (engine.state().get("deployment") or {}).get("resources"):
            environment.console.print("Nothing to destroy: the stack has no resources.")
            return 0
        if not assume_yes(yes):
            typer.confirm(f"Destroy everything in {environment.layout.name}, protected resources too?", abort=True)
        engine.output(["state", "unprotect", "--all", "--yes"])
        environment.cloud.release_balancers(environment.spec.region)
        outcome = _engine(environment, phases, "Destroy", ["destroy", "--yes"])
        if outcome == 0:
            bucket = environment.spec.state.bucket
            environment.console.print(
                f"By design the state bucket {bucket} and the key that encrypts it stay: they hold the history and "
                f"backups. `./rehearse down {environment.layout.name}` deletes everything on this machine.",
                highlight=False,
            )
        return outcome


def passthrough(environment: Environment, arguments: Sequence[str]) -> int:
    """Run any command of the engine; return its exit status."""
    _ensure_running(environment)
    return environment.engine().run(arguments)


def shell_lines(environment: Environment) -> str:
    """Return lines for `eval` in a shell, starting what does not run."""
    _ensure_running(environment)
    return as_shell(environment.shell_variables())


def shell(environment: Environment) -> int:
    """Run the user's shell with the environment's variables; return its exit status."""
    _ensure_running(environment)
    program = os.environ.get("SHELL") or "/bin/sh"
    environment.console.print(f"A shell in {environment.layout.name}; `exit` leaves it.")
    return subprocess.run([program], env=process_environment(environment.shell_variables()), check=False).returncode


def start(environment: Environment) -> None:
    """Start the environment's processes."""
    with locked(environment.layout.lock_file, f"rehearse start {environment.layout.name}"):
        environment.prepare()
        environment.start()


def stop(environment: Environment) -> None:
    """Stop the environment's processes and say which ran."""
    _require_known(environment)
    with locked(environment.layout.lock_file, f"rehearse stop {environment.layout.name}"):
        stopped = environment.stop()
    environment.console.print(f"Stopped: {', '.join(stopped) or 'nothing ran'}. The data are kept.")


def down(environment: Environment, *, yes: bool) -> None:
    """Delete the environment with everything it has on this machine."""
    _require_known(environment)
    root = environment.layout.root
    if not assume_yes(yes):
        typer.confirm(f"Stop {environment.layout.name} and delete {root}?", abort=True)
    with locked(environment.layout.lock_file, f"rehearse down {environment.layout.name}"):
        environment.stop()
        environment.delete()
    environment.console.print(f"Deleted {root}.", highlight=False)


def status(environment: Environment) -> None:
    """Show the environment's processes and its last snapshot."""
    _require_known(environment)
    layout, moto = environment.layout, environment.cloud.daemon
    table = Table(title=f"{layout.name}: {layout.root}", title_justify="left")
    for heading in ("process", "pid", "memory", "log"):
        table.add_column(heading, no_wrap=True)
    record = moto.record()
    rows = [("moto", record.pid if record else None, moto.resident_bytes(), moto.log_file)]
    gateway = environment.gateway.daemon
    found = gateway.record()
    rows.append(("gateway", found.pid if found else None, gateway.resident_bytes(), gateway.log_file))
    if environment.had_machines:
        machines = environment.machines.daemon
        found = machines.record()
        rows.append(("machines", found.pid if found else None, machines.resident_bytes(), machines.log_file))
    rows += [(each.name, each.pid, each.resident_bytes, each.log) for each in controlplane.status(layout.root)]
    for name, pid, memory, log in rows:
        size = "" if memory is None else f"{memory / 2**20:.0f} MiB"
        table.add_row(name, "not running" if pid is None else str(pid), size, str(log))
    environment.console.print(table)
    if environment.had_machines and (waiting := environment.machines.waiting()):
        environment.console.print(waiting, highlight=False, markup=False, soft_wrap=True)
    snapshot = layout.moto_data / SNAPSHOT_NAME
    if snapshot.exists():
        taken = datetime.fromtimestamp(snapshot.stat().st_mtime).astimezone().isoformat(" ", "seconds")
        environment.console.print(f"AWS stand-in: {environment.cloud.endpoint}, last snapshot {taken}", highlight=False)


def boots(environment: Environment) -> None:
    """Show where the first boot of each machine went."""
    from rehearsal.machines.boots import boot_table, boots_of

    _require_known(environment)
    found = boots_of(environment.machines.folder)
    if not found:
        raise RehearsalError(f"{environment.layout.name} has no machine: `./rehearse up --machines` boots them.", 2)
    for instance, boot in found.items():
        environment.console.print(boot_table(instance, boot))


def logs(environment: Environment, component: str | None, lines: int) -> None:
    """Print the end of a log, or the names of all logs."""
    _require_known(environment)
    folder = environment.layout.logs
    names = sorted(path.stem for path in folder.glob("*.log"))
    if component is None:
        environment.console.print("\n".join(names), highlight=False)
        return
    if component not in names:
        raise RehearsalError(f"{component!r} has no log in {folder}. There are: {', '.join(names) or 'none'}.", 2)
    content = (folder / f"{component}.log").read_text(errors="replace").splitlines()
    sys.stdout.write("\n".join(content[-lines:]) + "\n")


@contextlib.contextmanager
def _working(environment: Environment, verb: str) -> Iterator[Phases]:
    """Hold the environment's lock over a command, with everything up that the engine needs."""
    environment.refuse_what_cannot_be_rehearsed()
    phases = Phases(environment.console)
    with locked(environment.layout.lock_file, f"rehearse {verb} {environment.layout.name}"):
        with phases.phase("Tools"):
            _ = environment.tools
        with phases.phase("Processes"):
            environment.prepare()
            environment.start()
        with phases.phase("State"):
            environment.bootstrap()
            stack.create(environment)
            stack.release_abandoned_locks(environment)
            stack.settle_pending(environment)
        yield phases


def _engine(environment: Environment, phases: Phases, name: str, arguments: Sequence[str]) -> int:
    """Run the engine, marked as unfinished meanwhile; tell the user when it failed because a stand-in died."""
    marker = environment.layout.unfinished
    marker.touch()
    with phases.phase(name):
        outcome = environment.engine().run(arguments, environment.cloud.is_running)
    if not environment.cloud.is_running():
        raise RehearsalError(
            f"The AWS stand-in ended during `{' '.join(arguments)}`; the errors above follow from that. Cloud "
            "and stack are kept as of its last snapshot. The same command again starts it and goes on. "
            "The end of its log, "
            f"{environment.cloud.daemon.log_file}:\n{environment.cloud.daemon.tail()}"
        )
    if outcome < 0:
        raise RehearsalError(
            f"The engine was ended by signal {-outcome} before it could finish. Nothing is lost: the same command "
            "again finds out what it had begun, and goes on.",
            128 - outcome,
        )
    if outcome == 0:
        marker.unlink(missing_ok=True)
    return outcome


def _ensure_running(environment: Environment) -> None:
    """Start the processes unless they run or another command is just starting them."""
    _require_known(environment)
    with (
        contextlib.suppress(EnvironmentBusy),
        locked(environment.layout.lock_file, f"rehearse start {environment.layout.name}"),
    ):
        if not environment.cloud.is_running():
            environment.prepare()
            environment.start()
    if not environment.cloud.is_running():
        raise RehearsalError(f"{environment.layout.name} is just being started; try again when that is done")
    # The engine reads the copy, which must say what the stack file says now.
    try:
        environment.refuse_what_cannot_be_rehearsed()
    except RehearsalError as error:
        environment.console.print(f"[yellow]{_LEFT_ASIDE}[/yellow]", highlight=False)
        environment.console.print(str(error), markup=False, highlight=False)
        return
    environment.copy_config()
    # What it boots from and names may be other things than at the start, as images for other processors.
    environment.publish_images()


def _require_known(environment: Environment) -> None:
    if not environment.layout.root.is_dir():
        raise RehearsalError(
            f"{environment.layout.name} is not being rehearsed. `./rehearse up {environment.layout.name}` begins.", 2
        )


def _tell_how_to_go_on(environment: Environment) -> None:
    name = environment.layout.name
    kubeconfig = ControlPlaneLayout(environment.layout.root).kubeconfig
    environment.console.print(
        f"\n[bold]{name} is up.[/bold]\n"
        f"  AWS (moto)   {environment.cloud.endpoint}\n"
        f"  Kubernetes   {kubeconfig if kubeconfig.exists() else 'left out'}\n"
        f'  look         eval "$(./rehearse env {name})"; then kubectl, pulumi and aws work on it\n'
        f"  change       edit {environment.stack_file}, then ./rehearse preview {name} --diff, ./rehearse up {name}\n"
        f"  drift        change something by hand, then ./rehearse refresh {name}\n"
        f"  end          ./rehearse stop {name} keeps the data; destroy, then down, delete it\n",
        highlight=False,
    )
