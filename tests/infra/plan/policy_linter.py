"""parliament, a linter of IAM policies, imported past the warnings that its own import gives."""

from __future__ import annotations

import warnings


def findings(document: str) -> list[str]:
    """Return what parliament finds wrong with a policy document."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import parliament

        policy = parliament.analyze_policy_string(document)
    return [f"{finding.issue}: {finding.detail}" for finding in policy.findings]
