"""Secrets in the open: ``env`` and ``config`` are read in the repository, in plans, in the state and in the cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.spec.errors import Location, Problem
from infra.spec.workloads.workload import WorkloadSpec

_NAME = re.compile(r"(?:^|[_.-])(?:password|passwd|passphrase|secret|token|api_?key|private_?key)$", re.IGNORECASE)
"""Names of variables that hold a secret itself; ``PASSWORD_FILE`` or ``TOKEN_URL`` says where one is."""

_REFERENCE = re.compile(r"\$\([A-Za-z_][A-Za-z0-9_.-]*\)")
"""What Kubernetes puts another variable in place of, such as one that a secret has set."""

_CONTENT = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"), "a private key"),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), "the ID of an AWS access key"),
    (re.compile(r"[a-z0-9+.-]+://[^/?#\s:@]*:[^/?#\s@$<{%(]+@", re.IGNORECASE), "a password in a URL"),
)
"""Forms that nothing else has (RFC 7468; IAM User Guide, "IAM identifiers"; RFC 3986, "userinfo", where it is no
placeholder for a program to fill in)."""


def check_plain_secrets(workload: WorkloadSpec) -> Iterator[Problem]:
    """Yield the values that are secrets by their name or their form. A problem never shows the value."""
    variables: list[tuple[Location, dict[str, str]]] = [
        (("env",), workload.env),
        *((("helpers", index, "env"), helper.env) for index, helper in enumerate(workload.helpers)),
    ]
    for at, values in variables:
        for key, value in values.items():
            if value and _NAME.search(key) and not _REFERENCE.fullmatch(value):
                yield Problem(
                    (*at, key),
                    "is a secret by its name, and variables stand in the open",
                    f"declare it under secrets, with env: {key}",
                )
    for at, values in (*variables, (("config",), workload.config)):
        for key, value in values.items():
            for form, what in _CONTENT:
                if form.search(value):
                    yield Problem((*at, key), f"holds {what}, and stands in the open", "declare it under secrets")
