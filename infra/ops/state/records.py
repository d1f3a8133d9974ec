"""The cluster's own records in the state bucket: which belong together with Pulumi's state."""

from __future__ import annotations

import string
from urllib.parse import quote, unquote

from infra.plan.state_layout import (
    config_key,
    igconfigs_prefix,
    instance_groups_prefix,
    manifests_prefix,
    pki_prefix,
)
from infra.spec import EnvironmentSpec

RECOVERY, RECOVERED_BY, RECOVERED_FROM = "slipway-recovery", "slipway-by", "slipway-from"
"""Metadata of an object that ``slipway recover`` has written: the recovery's ID, who ran it, of which version it is a
copy."""
_PLAIN = string.punctuation.replace("%", "") + " "


def written_name(who: str) -> str:
    """Return a name as :data:`RECOVERED_BY` holds it.

    S3 takes metadata in ASCII alone (S3 User Guide, "User-defined object metadata"); other letters are written as a URL
    writes them.
    """
    return quote(who, safe=_PLAIN)


def read_name(written: str) -> str:
    """Return the name that :func:`written_name` wrote."""
    return unquote(written)


def record_prefixes(spec: EnvironmentSpec) -> tuple[str, ...]:
    """Return the prefixes of the records that the program writes, and so of what its state is to agree with.

    Backups are none: they are written by machines and by commands, and are never brought back or hidden.
    """
    return (
        config_key(spec),
        igconfigs_prefix(spec),
        instance_groups_prefix(spec),
        manifests_prefix(spec),
        pki_prefix(spec),
    )


def is_shown(spec: EnvironmentSpec, key: str) -> bool:
    """Return whether a record's content may be shown: what an operator declared, and nothing that machines get."""
    return key == config_key(spec) or key.startswith(instance_groups_prefix(spec))


def record_name(spec: EnvironmentSpec, key: str) -> str:
    """Return a record's key without the cluster's name."""
    return key.removeprefix(f"{spec.cluster.name}/")
