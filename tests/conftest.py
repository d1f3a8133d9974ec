"""What all tests share: stand-ins that start small, and models that are read once."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import botocore.loaders
import botocore.session
import pytest

# moto makes all 1,293 images that it ships with for each region of each test that asks EC2 anything; one will do. It
# reads the variable when it is imported.
os.environ["MOTO_AMIS_PATH"] = str(Path(__file__).with_name("images.json"))

# Each session of botocore's reads the models of its services anew, EC2's from a file of two megabytes.
_LOADER = botocore.loaders.create_loader()
botocore.session.create_loader = lambda *_: _LOADER


def pytest_collection_finish(session: pytest.Session) -> None:
    """Look for garbage seldom, and not at all among the SDKs and the tests, which stay."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
