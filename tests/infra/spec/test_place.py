"""Where an environment is, of a stack file that has mistakes in all else."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.spec.place import Place, place_in

GOOD = """\
config:
  slipway:environment:
    accountId: "123456789012"
    region: eu-central-1
    state:
      bucket: acme-slipway-test
    cluster:
      name: test.example.com
"""
PLACE = Place("test", "123456789012", "eu-central-1", "acme-slipway-test", "test.example.com")
REST = "    instanceGroups:\n      - name: nodes\n"

MISTAKES = {
    "nothing": "",
    "a key that nobody knows": "    colour: red\n",
    "a value of another kind": "    network: 3\n",
    "a line too far left": f"{REST}   role: Node\n",
    "a tab": f"{REST}\trole: Node\n{REST}",
    "a quote that nothing closes": f'    tags: {{team: "platform}}\n{REST * 30}',
    "a bracket that nothing closes": f"    workloads: [\n{REST}",
    "the same key again": "    region: eu-west-1\n",
    "a key without a colon": f"{REST}    edge\n{REST}",
    "two mistakes": f"{REST}   role: Node\n{REST}\trole: Node\n",
}


@pytest.mark.parametrize("more", MISTAKES.values(), ids=MISTAKES)
def test_what_stands_above_a_mistake_is_read(tmp_path: Path, more: str) -> None:
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text(GOOD + more, encoding="utf-8")
    assert place_in(path, "test") == PLACE


UNKNOWN = {
    "no file": None,
    "no YAML": b"\tconfig",
    "no text": b"\xff\xfe",
    "no mapping": b"[]",
    "empty": b"",
    "a mistake before": GOOD.replace("state:", 'state: "').encode(),
    "no bucket": GOOD.replace("      bucket: acme-slipway-test\n", "").encode(),
    "a bucket that is a number": GOOD.replace("acme-slipway-test", "7").encode(),
    "a cluster that is a list": GOOD.replace("name: test.example.com", "- a").encode(),
}


@pytest.mark.parametrize("content", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_written_is_not_guessed(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "Pulumi.test.yaml"
    if content is not None:
        path.write_bytes(content)
    assert place_in(path, "test") is None
