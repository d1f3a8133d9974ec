"""The programs that a reader has: ours from this checkout, ``aws`` as far as the documents use it, the real others.

Run as ``python -m tests.e2e.walk.programs NAME ARGUMENT...``. What is not as a reader has it: a rolling
update and a validation look more often, and a rehearsal is told which project it rehearses.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import botocore.session
import jmespath  # type: ignore[import-untyped]
from botocore import xform_name

from tests.e2e import nursery

QUICKER = {"roll": ["--poll", "0.3", "--validate-count", "1"], "validate": ["--poll", "0.5"]}
REHEARSED = {"up", "preview", "refresh", "destroy", "down", "env", "pulumi", "status", "logs", "stop", "start"}


def slipway(arguments: list[str]) -> int:
    """Run our command."""
    more = QUICKER.get(arguments[0], []) if arguments else []
    return subprocess.run(nursery.command("infra.cli", *arguments, *more), check=False).returncode


def rehearse(arguments: list[str]) -> int:
    """Run the rehearsal's command on the project in the current folder."""
    verb, *rest = arguments
    here = ["--project", str(Path.cwd())] if verb in REHEARSED else []
    at = rest.index("--") if "--" in rest else len(rest)
    command = nursery.command("rehearsal", verb, *rest[:at], *here, *rest[at:])
    return subprocess.run(command, check=False).returncode


def aws(arguments: list[str]) -> int:
    """Make the API call that ``aws SERVICE OPERATION --option value...`` makes, and print what it prints."""
    service, verb, *rest = arguments
    options: dict[str, list[str]] = {}
    for word in rest:
        if word.startswith("--"):
            options[word[2:]] = []
        else:
            options[list(options)[-1]].append(word)
    query, form = options.pop("query", [""])[0], options.pop("output", ["json"])[0]
    client: Any = botocore.session.get_session().create_client("s3" if service == "s3api" else service)
    model = client.meta.service_model.operation_model(
        client.meta.method_to_api_mapping[xform_name(verb.replace("-", "_"))]
    )
    members = {xform_name(name, "-"): (name, shape) for name, shape in model.input_shape.members.items()}
    given: dict[str, Any] = {}
    for option, values in options.items():
        name, shape = members[option]
        given[name] = _given(shape, values)
    answer = getattr(client, xform_name(verb.replace("-", "_")))(**given)
    found = jmespath.search(query, answer) if query else answer
    print(_text(found) if form == "text" else json.dumps(found, indent=4, default=_plain))
    return 0


def _given(shape: Any, values: list[str]) -> Any:
    """Return an option's words as the API takes them; of structures the form ``Name=a,Values=b`` of one value each."""
    if shape.type_name != "list":
        return int(values[0]) if shape.type_name == "integer" else values[0]
    if shape.member.type_name != "structure":
        return values
    members = shape.member.members
    return [
        {k: _given(members[k], [v]) for k, v in (pair.split("=", 1) for pair in each.split(","))} for each in values
    ]


def _text(found: Any) -> str:
    if isinstance(found, list):
        return "\n".join("\t".join(map(str, each)) if isinstance(each, list) else str(each) for each in found)
    return str(found)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def install(folder: Path, project: Path) -> None:
    """Put the programs on a path, and the scripts of the checkout's root into a project."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, places in {"slipway": (folder, project), "rehearse": (project,), "aws": (folder,)}.items():
        for place in places:
            script = place / name
            script.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.e2e.walk.programs {name} "$@"\n')
            script.chmod(0o755)


if __name__ == "__main__":
    sys.exit({"slipway": slipway, "rehearse": rehearse, "aws": aws}[sys.argv[1]](sys.argv[2:]))
