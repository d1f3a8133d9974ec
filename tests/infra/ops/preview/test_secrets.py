from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from infra.ops.preview.changes import changes_of
from infra.ops.preview.events import read_events
from infra.ops.preview.render_json import render_json
from infra.ops.preview.render_markdown import render_markdown
from infra.ops.preview.render_text import render_text
from infra.ops.preview.secrets import SECRET, blinded, scrubbed
from tests.infra.ops.preview.made import SECRET_VALUE, TEMPLATE, UNKNOWN_VALUE, encoded, report_of, step

PLANTED = "hunter2-planted-9f8e7d"
KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{PLANTED}\nAAAA\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.c2lnbmF0dXJlLXBsYW50ZWQ"


def shown(*events: dict[str, Any]) -> str:
    report = report_of(*events)
    return render_markdown(report) + render_json(report) + render_text(report).plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"a\n{KEY}\nb", f"a\n{SECRET}\nb"),
        (f"-----BEGIN PRIVATE KEY-----\n{PLANTED}", SECRET),
        ("id AKIAABCDEFGHIJKLMNOP.", f"id {SECRET}."),
        (f"Bearer-Header {JWT}", f"Bearer-Header {SECRET}"),
        ("token: abcdef.0123456789abcdef", f"token: abcdef.{SECRET}"),
        (f"DB_PASSWORD={PLANTED} next", f"DB_PASSWORD={SECRET} next"),
        (f'"password": "{PLANTED}",', f'"password": {SECRET},'),
        (f"postgres://app:{PLANTED}@db/x", f"postgres://app:{SECRET}@db/x"),
        ("disablePassword: true", "disablePassword: true"),
        ("a certificate -----BEGIN CERTIFICATE-----", "a certificate -----BEGIN CERTIFICATE-----"),
        ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
    ],
)
def test_text_that_looks_like_a_credential_is_cut_out(text: str, expected: str) -> None:
    assert scrubbed(text) == expected


def test_long_lines_without_a_credential_take_no_time() -> None:
    text = "abcdefghij" * 20_000
    assert scrubbed(text) == text


def test_what_the_engine_marked_and_what_is_called_a_secret_is_blinded() -> None:
    assert blinded({"a": SECRET_VALUE, "b": UNKNOWN_VALUE, "masterPassword": PLANTED, "__defaults": []}) == {
        "a": SECRET,
        "b": "(known after the update)",
        "masterPassword": SECRET,
    }
    assert blinded([{"name": "DB_PASSWORD", "value": PLANTED}, {"key": "clientSecret", "value": PLANTED}]) == [
        {"name": "DB_PASSWORD", "value": SECRET},
        {"key": "clientSecret", "value": SECRET},
    ]
    plain = [{"name": "LEVEL", "value": "info"}, {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db"}}}]
    assert blinded(plain) == plain
    kind = "kubernetes:core/v1:Secret"
    assert blinded({"data": {"y": "visible"}}, "kubernetes:core/v1:ConfigMap") == {"data": {"y": "visible"}}
    assert blinded({"stringData": {"x": PLANTED}, "data": {"y": PLANTED}, "type": "Opaque"}, kind) == {
        "stringData": {"x": SECRET},
        "data": {"y": SECRET},
        "type": "Opaque",
    }


@pytest.mark.parametrize("masked_side", ["old", "new"])
def test_a_value_that_is_secret_on_one_side_is_shown_on_neither(masked_side: str) -> None:
    plain: dict[str, Any] = {"value": PLANTED}
    sides = {"old": plain, "new": plain, masked_side: {"value": SECRET_VALUE}}
    text = shown(step("update", "aws:ssm/parameter:Parameter", "p", sides["old"], sides["new"]))
    assert PLANTED not in text
    assert f"- value: {SECRET}\n+ value: {SECRET}" in text


def test_secrets_inside_user_data_are_hidden_in_its_diff() -> None:
    def user_data(word: str) -> str:
        return (
            "#cloud-config\nwrite_files:\n"
            f"- path: /etc/app\n  content: |\n    {word}\n    password: {PLANTED}\n    token abcdef.0123456789abcdef\n"
        )

    before, after = (base64.b64encode(gzip.compress(user_data(word).encode())).decode() for word in ("one", "two"))
    text = shown(step("update", TEMPLATE, "nodes", {"userData": before}, {"userData": after}))
    assert PLANTED not in text
    assert "0123456789abcdef" not in text
    assert "@@ userData (/etc/app) @@" in text
    assert f"-one\n+two\n password: {SECRET}\n" in text
    assert before not in text


def test_secrets_in_policies_lists_messages_and_violations_are_hidden() -> None:
    events = [
        step(
            "update", "aws:x/y:Y", "y", {"list": [{"key": "a", "value": KEY}]}, {"list": [{"key": "a", "value": "n"}]}
        ),
        {"sequence": 1, "diagnosticEvent": {"severity": "error", "message": f"cannot log in: password={PLANTED}"}},
        {"sequence": 1, "policyEvent": {"message": KEY, "policyName": "p", "enforcementLevel": "mandatory"}},
    ]
    assert PLANTED not in shown(*events)


def test_bytes_that_are_no_text_are_shown_by_their_checksum() -> None:
    raw = base64.b64encode(b"\xff\xfe" + PLANTED.encode()).decode()
    text = shown(step("update", TEMPLATE, "nodes", {"userData": raw}, {"userData": encoded("#!/bin/sh\n")}))
    assert PLANTED not in text
    assert raw not in text


def test_a_secret_in_the_digest_stays_hidden() -> None:
    digest = {
        "steps": [
            {
                "op": "update",
                "urn": "urn:pulumi:t::p::a:b/c:C::n",
                "oldState": {"custom": True, "inputs": {"x": "[secret]"}},
                "newState": {"custom": True, "inputs": {"x": PLANTED}},
            }
        ],
        "changeSummary": {"update": 1},
    }  # fmt: skip
    run = read_events(json.dumps(digest, indent=4), "digest")
    assert run.finished
    (found,) = changes_of(run)
    assert [(each.old, each.new) for each in found.differences] == [(SECRET, SECRET)]
