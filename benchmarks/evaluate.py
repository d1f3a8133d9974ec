"""Evaluates the program alone, as a unit test does: no engine, no plugin. Run as a process of its own to be timed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks

from infra.program import declare
from infra.spec import load

OUTPUTS: Mapping[str, Mapping[str, str]] = {
    "tls:index/privateKey:PrivateKey": {"privateKeyPem": "private key\n"},
    "tls:index/selfSignedCert:SelfSignedCert": {"certPem": "authority\n"},
    "tls:index/certRequest:CertRequest": {"certRequestPem": "request\n"},
    "tls:index/locallySignedCert:LocallySignedCert": {"certPem": "certificate\n"},
    "random:index/randomString:RandomString": {"result": "abcdef"},
    "random:index/randomPassword:RandomPassword": {"result": "0123456789abcdef"},
    "random:index/randomBytes:RandomBytes": {"base64": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
    "aws:lb/loadBalancer:LoadBalancer": {"dnsName": "balancer.elb.amazonaws.com", "zoneId": "Z1"},
    "aws:route53/record:Record": {"fqdn": "record.example.com"},
}
"""What providers answer that the program reads, by type. Public keys are made: they must be keys."""


def public_key() -> str:
    """Return an RSA public key that nobody has the private half of."""
    key = rsa.generate_private_key(65537, 2048).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


class Answers(Mocks):
    """Gives each resource an id, and each lookup what the program reads of it."""

    def __init__(self) -> None:
        self.public_key = public_key()

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Return the inputs as outputs, and what the provider would add."""
        outputs = {"arn": f"arn:aws:mock:::{args.name}", **args.inputs, **OUTPUTS.get(args.typ, {})}
        if args.typ == "tls:index/privateKey:PrivateKey":
            outputs["publicKeyPem"] = self.public_key
        return f"{args.name}-id", outputs

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """Return an image, a parameter, a key or no objects, whichever was asked for."""
        # One answer does for all, as each look-up reads what concerns it; an image is of the architecture asked for.
        asked = str(args.args.get("filters"))
        answer: dict[Any, Any] = {
            "id": "ami-0123456789abcdef0",
            "imageId": "ami-0123456789abcdef0",
            "architecture": "arm64" if "arm64" in asked else "x86_64",
            "rootDeviceName": "/dev/xvda",
            "value": "ami-0123456789abcdef0",
            "targetKeyId": "00000000-0000-4000-8000-000000000000",
            "keys": [],
        }
        return answer, []


def main() -> None:
    """Evaluate the stack file named on the command line."""
    path = Path(sys.argv[1])
    spec = load(path, path.name.split(".")[1])
    pulumi.runtime.set_mocks(Answers(), project="slipway", stack=spec.name)

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def run() -> None:
        declare(spec)

    run()


if __name__ == "__main__":
    main()
