"""An environment under rehearsal: what it is made of, brought up and taken down."""

from __future__ import annotations

import os
import shlex
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from rich.console import Console

from rehearsal import controlplane, toolchain
from rehearsal.controlplane.layout import Layout as ControlPlaneLayout
from rehearsal.controlplane.member import from_bucket, rehearsed_member
from rehearsal.environment import engine_log, plugins, stack_config
from rehearsal.environment.cloud import Cloud
from rehearsal.environment.engine import Engine
from rehearsal.environment.errors import RehearsalError
from rehearsal.environment.gateway import Gateway
from rehearsal.environment.layout import Layout, layout_of, state_home
from rehearsal.environment.variables import in_process, process_environment, rehearsal_variables
from rehearsal.processes import ProcessError

if TYPE_CHECKING:
    from infra.spec import EnvironmentSpec
    from infra.spec.place import Place
    from rehearsal.machines.lifecycle import Machines

ROOT = Path(__file__).resolve().parents[2]
"""The checkout: the Pulumi project that is rehearsed unless another is named."""
CONTROL_PLANE_TOOLS = (*controlplane.TOOLS, "kubectl")


@dataclass
class Environment:
    """The environment `layout.name` of the Pulumi project in `project`."""

    layout: Layout
    project: Path
    console: Console
    with_control_plane: bool = True
    with_machines: bool = False

    @cached_property
    def settings(self) -> dict[str, object]:
        """The project's `Pulumi.yaml`."""
        path = self.project / "Pulumi.yaml"
        try:
            settings: dict[str, object] = yaml.safe_load(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RehearsalError(f"{self.project} is no Pulumi project: it has no Pulumi.yaml", 2) from None
        return settings

    @property
    def stack_file(self) -> Path:
        """The committed file that declares the environment."""
        return self.project / str(self.settings.get("stackConfigDir", ".")) / f"Pulumi.{self.layout.name}.yaml"

    @cached_property
    def spec(self) -> EnvironmentSpec:
        """What the stack file declares. Raises RehearsalError with all its problems."""
        from infra.spec import SpecError, load

        try:
            # A placeholder stands for a secret that nobody has set.
            return load(self.stack_file, self.layout.name, set_elsewhere=lambda _: True)
        except SpecError as error:
            raise RehearsalError(str(error), 2) from error

    @cached_property
    def place(self) -> Place:
        """Where the environment is, which a stack file with mistakes tells, too.

        Raises RehearsalError with all its problems where not even that can be read.
        """
        from infra.spec.place import Place, place_in

        if found := place_in(self.stack_file, self.layout.name):
            return found
        spec = self.spec
        return Place(self.layout.name, spec.account_id, spec.region, spec.state.bucket, spec.cluster.name)

    def refuse_what_cannot_be_rehearsed(self) -> None:
        """Refuse a bad spec, before anything is built or started. Raises RehearsalError."""
        _ = self.spec

    @cached_property
    def cloud(self) -> Cloud:
        """The AWS stand-in."""
        return Cloud(self.layout)

    @cached_property
    def gateway(self) -> Gateway:
        """The way to the cluster's API."""
        return Gateway(self.layout)

    @cached_property
    def tools(self) -> dict[str, Path]:
        """The engine and, unless it is left out, the control plane's programs. Built when they are missing."""
        names = ["pulumi", *(CONTROL_PLANE_TOOLS if self.with_control_plane else ())]
        try:
            return toolchain.resolve(names, self.console)
        except toolchain.ToolchainError as error:
            raise RehearsalError(str(error)) from error

    @cached_property
    def plugins(self) -> list[plugins.Plugin]:
        """The plugins the engine will find."""
        vendor_home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
        if vendor_home.is_relative_to(
            state_home()
        ):  # a shell of `rehearse env`: the home of an environment, not the user's
            vendor_home = Path.home() / ".pulumi"
        return plugins.choose(plugins.wanted(), vendor_home)

    def variables(self) -> dict[str, str]:
        """Return the variables by which clients reach this environment."""
        return rehearsal_variables(
            self.layout,
            region=self.place.region,
            bucket=self.place.bucket,
            endpoint=self.cloud.endpoint,
            kubeconfig=ControlPlaneLayout(self.layout.root).kubeconfig if self.with_control_plane else None,
            proxy=self.gateway.url if self.with_control_plane else None,
            tool_folders=[path.parent for path in self.tools.values()],
        )

    def shell_variables(self) -> dict[str, str]:
        """Return the variables for a shell: a plain `pulumi` there works on this stack and its copy of the file.

        Without them it would write its salt into the committed file.
        """
        return {
            **self.variables(),
            "PULUMI_STACK": self.layout.name,
            "PULUMI_OPTION_CONFIG_FILE": str(self.layout.config_file),
        }

    def engine(self) -> Engine:
        """Return the engine set up for this environment."""
        return Engine(self.tools["pulumi"], self.project, self.layout, self.variables())

    def prepare(self) -> None:
        """Make the environment's directory, its copy of the stack file, and the engine's plugins."""
        self.layout.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.copy_config()
        plugins.install(self.plugins, self.layout.pulumi_home)
        engine_log.switch_off(self.layout.pulumi_home)
        names = {vendor: [p.name for p in self.plugins if p.vendor is vendor] for vendor in (True, False)}
        self.console.print(
            f"Plugins: the vendors' {', '.join(names[True]) or '(none installed)'}; "
            f"stand-ins for {', '.join(names[False]) or '(none)'}",
            highlight=False,
        )

    def copy_config(self) -> None:
        """Copy the stack file for the engine; say which values in it a placeholder stands for."""
        from infra.spec.secret_config import named_settings

        if former := stack_config.note_project(self.project, self.layout.project_note):
            self.console.print(
                f"[yellow]{self.layout.name} was of the project in {former}, and is of {self.project} from now on. If "
                f"you meant the former: --project {shlex.quote(str(former))}[/yellow]",
                highlight=False,
            )
        needed = {f"slipway:{key}" for key in named_settings(self.spec)}
        replaced = stack_config.copy_stack_config(self.stack_file, self.layout.config_file, needed)
        if replaced.encrypted:
            self.console.print(
                f"Encrypted values cannot be read outside their account; {stack_config.PLACEHOLDER!r} stands for: "
                + ", ".join(replaced.encrypted)
            )
        for key in replaced.unset:
            self.console.print(
                f"[yellow]Nobody has set the secret {key}; {stack_config.PLACEHOLDER!r} stands for it. To rehearse "
                f"with a value: ./rehearse pulumi {self.layout.name} -- config set --secret {key}[/yellow]",
                highlight=False,
            )

    def start(self) -> None:
        """Start what does not run: the AWS stand-in, and the control plane unless it is left out."""
        started, notice = self.cloud.start(self.spec.account_id)
        self.console.print(
            f"AWS stand-in (moto): {'started' if started else 'was running'}, {self.cloud.endpoint}", highlight=False
        )
        if notice:
            self.console.print(f"[yellow]{notice}[/yellow]")
        self.publish_images()
        machines = self.with_machines or self.had_machines
        if machines:
            self.start_machines()
        if self.with_control_plane:
            self.gateway.start(self.layout.name, self.project)
            if not machines:
                self.start_control_plane()

    def start_control_plane(self) -> int | None:
        """Start a member of the control plane from what its machine would fetch; return the port of its API server.

        None when the environment has no control plane yet: its first update makes one, and the gateway starts it when
        somebody asks for the API. Raises RehearsalError.
        """
        kept = ControlPlaneLayout(self.layout.root)
        volumes = self.cloud.etcd_volumes(self.spec.region, self.spec.cluster.name)
        found = rehearsed_member(self.spec, volumes, lambda volume: kept.etcd_data(volume).exists())
        s3 = self.cloud.client("s3", self.spec.region)
        member = from_bucket(s3, self.spec, *found) if found else None
        if member is None or not self.cloud.has_machine(self.spec.region, self.spec.cluster.name, "ControlPlane"):
            return None
        try:
            running = controlplane.start_member(
                self.layout.root, self.tools, member, self.console, process_environment(self.variables())
            )
        except controlplane.ControlPlaneError as error:
            raise RehearsalError(str(error)) from error
        return int(running.server.rpartition(":")[2])

    def api_port(self) -> int | None:
        """Return the port of a running API server, or start it as `start_control_plane` does. Raises RehearsalError.

        Where machines boot, it is their load balancer's; None until a member answers behind it.
        """
        if self.had_machines:
            return self.machines.answering_port()
        states = controlplane.status(self.layout.root)
        if all(each.pid is not None for each in states):
            return controlplane.api_port(self.layout.root)
        return self.start_control_plane()

    def publish_images(self) -> None:
        """Make the images known that the environment boots from, and what else its file names."""
        from infra.spec import SpecError
        from rehearsal.environment.holdings import held_by
        from rehearsal.environment.images import published_images

        try:
            images, held = published_images(self.spec), held_by(self.spec)
        except SpecError as error:
            raise RehearsalError(str(error), 2) from error
        self.cloud.publish(self.spec.account_id, self.spec.region, images, held)

    def bootstrap(self) -> None:
        """Create the state bucket and its key as `slipway bootstrap` does for a real environment."""
        from infra.ops.aws import session_for
        from infra.ops.bootstrap import bootstrap
        from infra.ops.errors import OpsError
        from infra.ops.steps import Step

        def tell(step: Step) -> None:
            if step.action != "keep":
                self.console.print(str(step), markup=False, highlight=False)

        with in_process(self.variables()):
            try:
                bootstrap(self.spec, session_for(self.spec), tell)
            except OpsError as error:
                raise RehearsalError(f"The state bucket cannot be made: {error}") from error

    @cached_property
    def machines(self) -> Machines:
        """The machines that boot for its instances, when it has any."""
        from rehearsal.machines.lifecycle import Machines

        return Machines(self.layout.name, self.layout.root)

    @property
    def had_machines(self) -> bool:
        """Whether machines were asked for when it was last brought up."""
        return (self.layout.root / "machines" / "settings.json").exists()

    def start_machines(self) -> None:
        """Start the process that boots a machine for each instance. Raises RehearsalError where none can boot."""
        from rehearsal.machines.errors import MachineError

        try:
            started = self.machines.start(self.spec, self.cloud.port, self.console)
        except (MachineError, toolchain.ToolchainError, ProcessError) as error:
            raise RehearsalError(str(error)) from error
        self.console.print(
            f"Machines: {'started' if started else 'were running'}; their log is {self.machines.daemon.log_file}",
            highlight=False,
        )

    def stop(self) -> list[str]:
        """Stop all processes; the data stay. Return the names of those that ran."""
        stopped = ["machines"] if self.had_machines and self.machines.stop() else []
        stopped += [each.name for each in controlplane.status(self.layout.root) if each.pid is not None]
        try:
            controlplane.stop(self.layout.root)
        except controlplane.ControlPlaneError as error:
            raise RehearsalError(str(error)) from error
        if self.gateway.stop():
            stopped.append("gateway")
        if self.cloud.stop():
            stopped.append("moto")
        return stopped

    def delete(self) -> None:
        """Delete the environment's directory; its processes must have been stopped."""
        if self.had_machines:
            self.machines.remove()
        shutil.rmtree(self.layout.root)


def environment_of(name: str, project: Path, console: Console, *, with_control_plane: bool = True) -> Environment:
    """Return the environment of that name. Raises RehearsalError for a name that is none."""
    return Environment(layout_of(name), project.resolve(), console, with_control_plane)
