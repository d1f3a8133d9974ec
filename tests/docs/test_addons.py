"""The table of add-ons says what is applied."""

from __future__ import annotations

import re

from infra.plan.addons.images import images
from tests.docs.documents import ROOT

TABLE = [
    line for line in (ROOT / "docs" / "addons.md").read_text(encoding="utf-8").splitlines() if line.startswith("|")
][2:]


def stated() -> dict[str, str]:
    """Return key -> version as the table has them: a version behind a key is its own, else the row's."""
    found = {}
    for line in TABLE:
        _, _, keys, version, *_ = (cell.strip() for cell in line.split("|"))
        for key, own in re.findall(r"`([a-z0-9-]+)`(?: (v[0-9.]+))?", keys):
            found[key] = own or version
    return found


def test_the_table_has_every_image_and_its_version() -> None:
    applied = {key: image.rpartition(":")[2] for key, image in images("1.37.2").items()}
    assert stated() == {**applied, "kube-proxy": "the cluster's"}
