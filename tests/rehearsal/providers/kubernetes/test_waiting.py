from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from rehearsal.providers.kubernetes import waiting
from rehearsal.providers.kubernetes.waiting import WaitError


def annotated(**annotations: str) -> dict[str, Any]:
    return {"metadata": {"annotations": {f"pulumi.com/{key}": value for key, value in annotations.items()}}}


@pytest.mark.parametrize(
    ("inputs", "requested", "seconds"),
    [
        ({}, 0.0, 300.0),
        ({}, 12.0, 12.0),
        (annotated(timeoutSeconds="7"), 0.0, 7.0),
        (annotated(timeoutSeconds="7"), 12.0, 12.0),
        (annotated(timeoutSeconds="soon"), 0.0, 300.0),
    ],
)
def test_timeout(inputs: dict[str, Any], requested: float, seconds: float) -> None:
    assert waiting.timeout_of(inputs, requested, 300.0) == seconds


def met(inputs: dict[str, Any], live: dict[str, Any]) -> dict[str, bool]:
    return {words: holds(live) for words, holds in waiting.ready_conditions(inputs).items()}


def test_a_namespace_must_be_active() -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace"}
    assert met(namespace, {"status": {"phase": "Active"}}) == {"status.phase is Active": True}
    assert met(namespace, {"status": {"phase": "Terminating"}}) == {"status.phase is Active": False}
    assert met(namespace, {}) == {"status.phase is Active": False}
    assert met({**namespace, **annotated(skipAwait="true")}, {}) == {}


def test_a_crd_must_be_established() -> None:
    crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    conditions = [{"type": "NamesAccepted", "status": "True"}, {"type": "Established", "status": "True"}]
    assert met(crd, {"status": {"conditions": conditions}}) == {"condition Established is True": True}
    assert met(crd, {"status": {"conditions": conditions[:1]}}) == {"condition Established is True": False}


def test_pods_are_not_waited_for() -> None:
    assert met({"apiVersion": "apps/v1", "kind": "Deployment"}, {}) == {}


LIVE = {"spec": {"on": True}, "status": {"items": [{"port": 80}], "conditions": [{"type": "Ready", "status": "True"}]}}


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("condition=Ready", True),
        ("condition=ready=true", True),
        ("condition=Ready=False", False),
        ("condition=Other", False),
        ("jsonpath={.status.items[0].port}=80", True),
        ("jsonpath={.status.items[0].port}=81", False),
        ("jsonpath={.status.items[1].port}", False),
        ("jsonpath={.status.items[0]}", True),
        ("jsonpath={.spec.on}=true", True),
        ("jsonpath={.spec.off}", False),
        ("jsonpath={.spec.off}=None", False),
    ],
)
def test_wait_for(expression: str, holds: bool) -> None:
    assert met(annotated(waitFor=expression), LIVE) == {expression: holds}


def test_wait_for_several() -> None:
    inputs = annotated(waitFor='["condition=Ready", "condition=Other"]')
    assert met(inputs, LIVE) == {"condition=Ready": True, "condition=Other": False}


@pytest.mark.parametrize("expression", ["ready", "jsonpath=.a", "jsonpath={.a[?(@.b)]}", "condition="])
def test_what_cannot_be_waited_for(expression: str) -> None:
    with pytest.raises(WaitError, match=r"cannot be waited for; give condition=<type>"):
        waiting.ready_conditions(annotated(waitFor=expression))


def test_poll_until_true() -> None:
    answers = iter([False, False, True])
    assert waiting.poll(lambda: next(answers), 5, threading.Event()) is True


def test_poll_ends_in_time() -> None:
    began = time.monotonic()
    assert waiting.poll(lambda: False, 0.1, threading.Event()) is False
    assert 0.1 <= time.monotonic() - began < 1


def test_poll_ends_when_cancelled() -> None:
    cancelled = threading.Event()
    cancelled.set()
    began = time.monotonic()
    assert waiting.poll(lambda: False, 30, cancelled) is False
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("live", "text"),
    [
        ({"metadata": {"deletionTimestamp": "t", "finalizers": ["a/b", "c"]}}, "finalizers a/b, c"),
        (
            {
                "metadata": {"deletionTimestamp": "t"},
                "status": {"conditions": [{"status": "True", "message": "m"}, {"status": "False", "message": "n"}]},
            },
            "m",
        ),
        ({"metadata": {}}, "it is not marked for deletion: another was made under its name"),
        ({"metadata": {"deletionTimestamp": "t"}}, "it does not say why"),
    ],
)
def test_why_not_gone(live: dict[str, Any], text: str) -> None:
    assert waiting.why_not_gone(live) == text


UNREAD, REMAINING = "NamespaceDeletionDiscoveryFailure", "NamespaceContentRemaining"


@pytest.mark.parametrize(
    ("conditions", "emptied"),
    [
        ({UNREAD: "True", REMAINING: "False", "NamespaceFinalizersRemaining": "False"}, True),
        ({UNREAD: "True", REMAINING: "True", "NamespaceFinalizersRemaining": "False"}, False),
        ({UNREAD: "True", REMAINING: "False", "NamespaceFinalizersRemaining": "True"}, False),
        ({UNREAD: "True", "NamespaceDeletionContentFailure": "True", REMAINING: "False"}, False),
        # Nothing was looked at yet.
        ({UNREAD: "True"}, False),
        ({UNREAD: "False", REMAINING: "False"}, False),
    ],
)
def test_a_namespace_that_an_api_without_pods_alone_holds(conditions: dict[str, str], emptied: bool) -> None:
    told = [{"type": name, "status": status} for name, status in conditions.items()]
    live = {"apiVersion": "v1", "kind": "Namespace", "metadata": {}, "status": {"conditions": told}}
    assert waiting.is_emptied(live) is False
    assert waiting.is_emptied({**live, "metadata": {"deletionTimestamp": "t"}}) is emptied
    assert waiting.is_emptied({**live, "kind": "Other", "metadata": {"deletionTimestamp": "t"}}) is False
