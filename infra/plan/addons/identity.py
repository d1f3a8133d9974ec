"""AWS identities of add-ons: a token of the pod's service account, which STS trades for the role's credentials."""

from __future__ import annotations

from infra.plan.addons.objects import Later, Manifest, set_environment
from infra.plan.control_plane.issuer import AUDIENCE
from infra.spec import EnvironmentSpec

TOKEN_SECONDS = 86_400
"""Lifetime of the token, renewed by the kubelet at 80% of it: what EKS's pod identity webhook asks for."""

_FOLDER = "/var/run/secrets/eks.amazonaws.com/serviceaccount"
_VOLUME = "aws-token"


def role_of(addon: str) -> Later:
    """Return the ARN of an add-on's role, to be known when the role is made."""
    return Later(f"roleArn/{addon}")


def assume_role(manifest: Manifest, spec: EnvironmentSpec, kind: str, name: str, container: str, addon: str) -> None:
    """Give a container the credentials of the add-on's role.

    The AWS SDKs read the variables (SDKs and Tools Reference Guide, "Assume role credential provider"). kops writes
    them into its add-ons likewise instead of having a webhook do so: no pod then waits for another.
    """
    pod = manifest.pod(kind, name)
    pod.setdefault("volumes", []).append(
        {
            "name": _VOLUME,
            "projected": {
                "sources": [
                    {
                        "serviceAccountToken": {
                            "audience": AUDIENCE,
                            "expirationSeconds": TOKEN_SECONDS,
                            "path": "token",
                        }
                    }
                ]
            },
        }
    )
    holder = manifest.container(kind, name, container)
    holder.setdefault("volumeMounts", []).append({"name": _VOLUME, "mountPath": _FOLDER, "readOnly": True})
    set_environment(
        holder,
        {
            "AWS_REGION": spec.region,
            "AWS_ROLE_ARN": role_of(addon),
            "AWS_WEB_IDENTITY_TOKEN_FILE": f"{_FOLDER}/token",
            # The region's own endpoint: the global one is another region's outage away.
            "AWS_STS_REGIONAL_ENDPOINTS": "regional",
        },
    )
