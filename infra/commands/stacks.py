"""What the commands over a stack's state share: how they find it, and how they say what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from infra.commands.common import errors, load_environment, project_name
from infra.plan.stack_keys import StackKeys
from infra.spec import EnvironmentSpec

if TYPE_CHECKING:
    import boto3

Format = Annotated[Literal["text", "json"], typer.Option("--format", help="For people, or for programs.")]


@dataclass(frozen=True)
class Stack:
    """A stack and the AWS session its state is reached by."""

    env: str
    """The argument that named it, for the commands that a message tells to run."""
    spec: EnvironmentSpec
    keys: StackKeys
    session: boto3.Session

    @property
    def s3(self) -> Any:
        """A client of S3."""
        return self.session.client("s3")


@contextmanager
def open_stack(env: str, *, failed: int = 1) -> Iterator[Stack]:
    """Give the stack of an environment; what goes wrong inside the block is said in one sentence.

    Raises:
        SpecError: there is no such environment, or it cannot be used.
        typer.Exit: with status ``failed``, when AWS cannot be asked or refuses.
    """
    # boto3 takes half a second to import: only commands that ask AWS pay for it.
    from infra.ops.aws import require_account, session_for
    from infra.ops.errors import OpsError

    spec = load_environment(env)
    keys = StackKeys(project_name(env), spec.name)
    try:
        session = session_for(spec)
        require_account(spec, session)
        yield Stack(env, spec, keys, session)
    except OpsError as error:
        errors.print(f"error: {error}", markup=False, highlight=False)
        raise typer.Exit(failed) from None
