#!/usr/bin/env python3
"""Tells the kubelet how to log in to registries of Amazon ECR, as the role that the machine has."""
# The kubelet runs it for images of such registries (Kubernetes documentation, "Configure a kubelet image credential
# provider") with a CredentialProviderRequest on its standard input, and keeps the answer for the time that is said.
# kops installs the cloud provider's ecr-credential-provider for this; boto3 is here already. 3.10 must do.

import base64
import json
import re
import sys
from typing import Any

import boto3

REGISTRY = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?(?=/|$)")
KEEP = "6h0m0s"
"""A login is good for 12 hours (Amazon ECR User Guide, "Private registry authentication")."""


def answer(request: "dict[str, Any]") -> "dict[str, Any]":
    """Return the CredentialProviderResponse to a request."""
    registry = REGISTRY.match(request["image"])
    if registry is None:
        raise SystemExit(f"ecr-credentials: {request['image']} is in no registry of ECR")
    client = boto3.client("ecr", region_name=registry["region"])
    token = client.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    return {
        "kind": "CredentialProviderResponse",
        "apiVersion": request["apiVersion"],
        "cacheKeyType": "Registry",
        "cacheDuration": KEEP,
        "auth": {registry[0]: {"username": user, "password": password}},
    }


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
