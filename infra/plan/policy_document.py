"""IAM policy documents as text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def policy_document(statements: Sequence[Mapping[str, Any]]) -> str:
    """Return the JSON of a policy with these statements. Equal input gives equal text, so that two writers agree.

    The version is that of the policy language, which has had no other since (IAM User Guide, "Version").
    """
    return json.dumps({"Version": "2012-10-17", "Statement": [dict(statement) for statement in statements]})
