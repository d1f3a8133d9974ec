"""Unit tests of an environment: what the program would make of a stack file, with no engine, account or cluster.

It is the whole program under Pulumi's mocks. See ``docs/unit-tests.md`` and ``stacks/tests``.
"""

from infra.testing.changes import Changes, changes
from infra.testing.environment import Environment, environment, environments
from infra.testing.resource import Resource, Secret

__all__ = ["Changes", "Environment", "Resource", "Secret", "changes", "environment", "environments"]
