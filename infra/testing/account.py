"""What an AWS account and the other providers answer to the program under mocks, of an environment made anew."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.plan.images import EC2_ARCHITECTURES, ImageById, ImageByName, ImagePlan, plan_images
from infra.spec import EnvironmentSpec
from infra.testing.recorder import Call

PUBLIC_KEY = (Path(__file__).parent / "service-account.pub").read_text(encoding="utf-8")
"""An RSA public key; nobody has its private half."""

OUTPUTS: Mapping[str, Mapping[str, Any]] = {
    "tls:index/privateKey:PrivateKey": {"privateKeyPem": "private key\n", "publicKeyPem": PUBLIC_KEY},
    "tls:index/selfSignedCert:SelfSignedCert": {"certPem": "authority\n"},
    "tls:index/certRequest:CertRequest": {"certRequestPem": "request\n"},
    "tls:index/locallySignedCert:LocallySignedCert": {"certPem": "certificate\n"},
    "random:index/randomString:RandomString": {"result": "abcdef"},
    "random:index/randomPassword:RandomPassword": {"result": "0123456789abcdef"},
    "random:index/randomBytes:RandomBytes": {"base64": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
    "aws:lb/loadBalancer:LoadBalancer": {"dnsName": "balancer.elb.amazonaws.com", "zoneId": "Z1"},
    "aws:route53/record:Record": {"fqdn": "record.example.com"},
}
"""Type token -> outputs that components read, beside what they gave as inputs."""


def answers(spec: EnvironmentSpec, objects: Mapping[str, str] | None = None) -> dict[str, Call]:
    """Return what AWS answers to the program's look-ups, by function token.

    Every image is found, and of the architecture of the groups that name it. ``objects`` are what the state bucket
    holds of the environment, by key: nothing, of one that was never made.
    """
    images = {_asked_by(image): image for image in plan_images(spec).images}
    held = dict(objects or {})

    def image(given: Mapping[str, Any]) -> Mapping[str, Any]:
        filters = {each["name"]: each["values"][0] for each in given["filters"]}
        asked = f"{given['owners'][0]}/{filters['name']}" if "name" in filters else filters["image-id"]
        architecture = EC2_ARCHITECTURES[images[asked].uses[0].architecture]
        image_id = filters.get("image-id", _image_id(asked))
        return {"id": image_id, "imageId": image_id, "rootDeviceName": "/dev/xvda", "architecture": architecture}

    return {
        "aws:ec2/getAmi:getAmi": image,
        "aws:ssm/getParameter:getParameter": lambda given: {**given, "value": _image_id(given["name"])},
        "aws:kms/getAlias:getAlias": lambda _: {"targetKeyId": "00000000-0000-4000-8000-000000000000"},
        "aws:s3/getObjects:getObjects": lambda given: {
            **given,
            "keys": [key for key in held if key.startswith(given["prefix"])],
        },
        "aws:s3/getObject:getObject": lambda given: {**given, "body": held[given["key"]]},
    }


def _asked_by(image: ImagePlan) -> str:
    """Return what EC2 is asked for in the end: an image's owner and name, or its ID."""
    if isinstance(image.lookup, ImageById | ImageByName):
        return image.reference
    return _image_id(image.lookup.parameter)


def _image_id(of: str) -> str:
    """Return an ID that is the same for equal names; no image has it."""
    return f"ami-{hashlib.sha256(of.encode()).hexdigest()[:17]}"
