"""The order in which groups are rolled."""

from __future__ import annotations

from collections.abc import Sequence

from infra.spec import EnvironmentSpec, InstanceGroupSpec, Problem, SpecError
from infra.spec.instance_group import Role

ROLES: tuple[Role, ...] = ("ControlPlane", "Node", "Edge")
"""kops's order (``RollingUpdateCluster`` in ``pkg/instancegroups``): bastions, control plane, API servers, nodes. The
edge comes last: what it leads to has settled by then."""


def groups_to_roll(spec: EnvironmentSpec, names: Sequence[str] = ()) -> tuple[InstanceGroupSpec, ...]:
    """Return the groups called ``names``, or all, in the order in which they are rolled.

    Within a role they come by name, so that a roll that is run again takes them in the same order.

    Raises:
        SpecError: there is no group of a name.
    """
    known = {group.name: group for group in spec.instance_groups}
    unknown = [name for name in names if name not in known]
    if unknown:
        fix = f"name one of {', '.join(sorted(known))}"
        raise SpecError(
            f"environment {spec.name}",
            [Problem((), "there is no instance group of this name", fix, repr(n)) for n in unknown],
        )
    chosen = [known[name] for name in dict.fromkeys(names)] if names else list(known.values())
    return tuple(sorted(chosen, key=lambda group: (ROLES.index(group.role), group.name)))
