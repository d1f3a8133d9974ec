"""The pack as the engine runs it: each rule of ``rules.py`` as a mandatory policy."""

from __future__ import annotations

import sys
from pathlib import Path

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from policy.rules import RULES, Resource, Rule


def _policy(rule: Rule) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        resource = Resource(args.resource_type, args.name, args.props, bool(args.opts.protect))
        for broken in rule.check(resource):
            report(f"{args.name}: {broken}.", args.urn)

    return ResourceValidationPolicy(name=rule.name, description=rule.description, validate=validate)


PolicyPack("slipway", [_policy(rule) for rule in RULES], EnforcementLevel.MANDATORY)
