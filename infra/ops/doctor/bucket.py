"""The bucket's own protections: what makes every change of the state one that can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from infra.ops.doctor.finding import Finding
from infra.ops.errors import OpsError, aws_errors, error_code
from infra.plan.stack_keys import StackKeys
from infra.plan.state_bucket import plan_state_bucket
from infra.plan.state_layout import backups_prefix
from infra.spec import EnvironmentSpec


def bucket_findings(s3: Any, spec: EnvironmentSpec, keys: StackKeys, env: str) -> list[Finding]:
    """Return the protections that the bucket lacks.

    Raises:
        OpsError: there is no bucket, or it cannot be asked.
    """
    fix = f"slipway bootstrap {env}"
    return [
        Finding(code, severity, f"bucket {spec.state.bucket}: {problem}", fix)
        for code, severity, problem in (
            *_versioning(s3, spec),
            *_encryption(s3, spec),
            *_public_access(s3, spec),
            *_lifecycle(s3, spec, keys),
        )
    ]


_Problem = tuple[str, Any, str]


def _asked(what: str, spec: EnvironmentSpec, call: Any) -> Any:
    """Return an answer, or None where S3 says that nothing is set."""
    with aws_errors(f"read {what} of bucket {spec.state.bucket}"):
        try:
            return call(Bucket=spec.state.bucket)
        except ClientError as error:
            if error_code(error) == "NoSuchBucket":
                raise OpsError(
                    "there is no state bucket", spec.state.bucket, "run slipway bootstrap, or correct state.bucket"
                ) from None
            if error_code(error).startswith(("NoSuch", "ServerSideEncryptionConfigurationNotFound")):
                return None
            raise


def _versioning(s3: Any, spec: EnvironmentSpec) -> list[_Problem]:
    status = _asked("the versioning", spec, s3.get_bucket_versioning).get("Status")
    if status == "Enabled":
        return []
    was = "was never turned on" if status is None else f"is {status.lower()}"
    return [("versioning", "error", f"versioning {was}: what is overwritten now cannot be brought back")]


def _encryption(s3: Any, spec: EnvironmentSpec) -> list[_Problem]:
    answer = _asked("the encryption", spec, s3.get_bucket_encryption)
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"] if answer else []
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
    wanted = plan_state_bucket(spec).sse_algorithm
    found = default.get("SSEAlgorithm", "none")
    if found == wanted and default.get("KMSMasterKeyID"):
        return []
    problem = "default encryption is not by the environment's own key"
    return [("encryption", "error", f"{problem}: {found}, where {wanted} with a key is wanted")]


def _public_access(s3: Any, spec: EnvironmentSpec) -> list[_Problem]:
    answer = _asked("the public access block", spec, s3.get_public_access_block)
    settings = answer["PublicAccessBlockConfiguration"] if answer else {}
    if settings and all(settings.values()):
        return []
    return [("public-access", "error", "public access is not blocked altogether")]


def _lifecycle(s3: Any, spec: EnvironmentSpec, keys: StackKeys) -> list[_Problem]:
    answer = _asked("the lifecycle rules", spec, s3.get_bucket_lifecycle_configuration)
    found: list[_Problem] = []
    for rule in answer["Rules"] if answer else []:
        if rule.get("Status") != "Enabled":
            continue
        where = f"lifecycle rule {rule.get('ID', '(without a name)')}"
        prefix = _prefix(rule)
        found += [
            ("backups-rule", "error", f"{where} lets backups expire: it applies to {kept}")
            for kept in (backups_prefix(spec), keys.backups)
            if _touches(rule) and (kept.startswith(prefix) or prefix.startswith(kept))
        ]
        expires = rule.get("Expiration", {})
        if ("Days" in expires or "Date" in expires) and (
            keys.state.startswith(prefix) or prefix.startswith(keys.state)
        ):
            found.append(("state-expires", "error", f"{where} deletes the state itself"))
    return found


def _prefix(rule: Mapping[str, Any]) -> str:
    choice = rule.get("Filter", {})
    return str(rule.get("Prefix") or choice.get("Prefix") or choice.get("And", {}).get("Prefix") or "")


def _touches(rule: Mapping[str, Any]) -> bool:
    """Return whether a rule removes objects or versions; one that ends uploads or clears markers away does not."""
    expires = rule.get("Expiration", {})
    return "NoncurrentVersionExpiration" in rule or "Days" in expires or "Date" in expires
