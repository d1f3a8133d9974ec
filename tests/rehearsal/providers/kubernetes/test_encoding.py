from __future__ import annotations

import json

import pytest
import yaml

from rehearsal.providers.kubernetes.api import _encoded


@pytest.mark.parametrize("text", ["plain", "\U0001f600", "\\ud83d\\ude00", "\\\U0001f600", "\x7f\x80\ufffe", "é\n\t"])
def test_a_body_is_the_same_read_as_json_and_as_yaml(text: str) -> None:
    body = {"data": {"a": text}}
    assert json.loads(_encoded(body)) == body
    assert yaml.safe_load(_encoded(body).decode()) == body
