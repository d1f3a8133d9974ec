"""The ``slipway`` command. What its exit codes mean is said in :data:`EXIT_CODES`."""

from __future__ import annotations

import sys

import typer

from infra.commands.bootstrap import bootstrap
from infra.commands.common import errors
from infra.commands.destroy import destroy
from infra.commands.diagram import draw_diagram
from infra.commands.diff import diff
from infra.commands.doctor import doctor
from infra.commands.drift import EXIT_CODES as DRIFT_EXIT_CODES
from infra.commands.drift import drift
from infra.commands.etcd import etcd_app
from infra.commands.firewall import firewall_app
from infra.commands.history import history
from infra.commands.image import image
from infra.commands.kubeconfig import kubeconfig
from infra.commands.lock import lock
from infra.commands.preview import EXIT_CODES as PREVIEW_EXIT_CODES
from infra.commands.preview import preview
from infra.commands.recover import recover
from infra.commands.roll import roll
from infra.commands.spec import spec_app
from infra.commands.validate import validate
from infra.commands.volumes import volumes_app
from infra.spec import SpecError

EXIT_CODES = (
    "Exit status: 0 done, 1 failed against a live environment, 2 a bad spec or a wrong call, 4 not valid or paused."
)

app = typer.Typer(
    name="slipway",
    help="Self-managed, kops-style Kubernetes on AWS from Pulumi.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(spec_app, name="spec")
app.add_typer(firewall_app, name="firewall")
app.add_typer(etcd_app, name="etcd")
app.add_typer(volumes_app, name="volumes")
app.command("diagram")(draw_diagram)
app.command("image")(image)
app.command("bootstrap")(bootstrap)
app.command("kubeconfig")(kubeconfig)
app.command("history")(history)
app.command("diff")(diff)
app.command("recover")(recover)
app.command("lock")(lock)
app.command("destroy")(destroy)
app.command("doctor")(doctor)
app.command("validate")(validate)
app.command("roll")(roll)
app.command("drift", epilog=DRIFT_EXIT_CODES)(drift)
app.command("preview", epilog=PREVIEW_EXIT_CODES)(preview)


def main() -> None:
    """Run the command; what a user can act on is one message, without a traceback."""
    try:
        app(prog_name="slipway")
    except SpecError as error:
        errors.print(str(error), markup=False, highlight=False)
        sys.exit(2)


if __name__ == "__main__":
    main()
