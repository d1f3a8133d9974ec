#!/usr/bin/env python3
"""Tells the kubelet how to log in to a pull-through cache of Amazon ECR that stands for another registry."""
# The kubelet knows an image by the registry of its name alone, and containerd shows the login to whichever host it asks
# in that registry's place. Arguments: pairs of a registry and the host of its cache, as docker.io=1111....com. 3.10
# must do.

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

OF_ECR = Path(__file__).with_name("ecr_credentials.py")


def answer(request: "dict[str, Any]", pairs: "list[str]") -> "dict[str, Any]":
    """Return the CredentialProviderResponse to a request: the cache's login, as that of the image's own registry."""
    caches = dict(pair.split("=") for pair in pairs)
    registry = request["image"].partition("/")[0]
    if registry not in caches:
        raise SystemExit(f"ecr-mirror-credentials: no cache stands for the registry of {request['image']}")
    asked = json.dumps({**request, "image": f"{caches[registry]}/"})
    told = json.loads(subprocess.run([str(OF_ECR)], input=asked, stdout=subprocess.PIPE, text=True, check=True).stdout)
    return {**told, "auth": {registry: told["auth"][caches[registry]]}}


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin), sys.argv[1:]), sys.stdout)
