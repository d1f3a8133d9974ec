"""Errors of the engine that are told in other words than its own."""

from __future__ import annotations

from typing import Any

import pytest

from infra.ops.preview.render_text import render_text
from tests.infra.ops.preview.made import error, report_of, step, urn

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
WEB = urn(DEPLOYMENT, "shop/web")
SEE = "Server-Side Apply field conflict detected. See https://www.pulumi.com/registry/ for troubleshooting help.\n"
MANAGER = 'The resource managed by field manager "pulumi-kubernetes-1a2b3c4d" had an apply conflict: '


@pytest.mark.parametrize(
    ("conflict", "who", "fields"),
    [
        (
            'Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: '
            ".spec.replicas",
            "kubectl",
            ".spec.replicas",
        ),
        (
            'Apply failed with 1 conflict: conflict with "kubectl" using apps/v1 at 2026-11-29T22:00:00Z: '
            '.spec.template.spec.containers[name="web"].image',
            "kubectl",
            '.spec.template.spec.containers[name="web"].image',
        ),
        (
            'Apply failed with 3 conflicts: conflicts with "autoscaler" using apps/v1:\n- .spec.replicas\n'
            'conflicts with "kubectl-edit" using apps/v1:\n- .metadata.labels.a\n- .spec.paused',
            "autoscaler, kubectl-edit",
            ".spec.replicas, .metadata.labels.a, .spec.paused",
        ),
        (
            'Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas. To take the fields '
            'over, set the annotation pulumi.com/patchForce: "true"; to leave them, list them under `ignore_changes`',
            "kubectl",
            ".spec.replicas",
        ),
    ],
)
def test_a_field_that_another_has_set_names_object_field_and_the_two_ways(conflict: str, who: str, fields: str) -> None:
    inputs = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"replicas": 2}}
    report = report_of(step("update", DEPLOYMENT, "shop/web", inputs, inputs), error(SEE + MANAGER + conflict, WEB))
    assert report.exit_code == 1
    (told,) = [each.message for each in report.diagnostics]
    assert told.startswith(f"Deployment shop/web: {who} has set {fields} since, and the update may not take back")
    assert "`PULUMI_K8S_ENABLE_PATCH_FORCE=true pulumi up --stack test`" in told
    assert "write the same into the stack file" in told
    for no_way in ("annotation", "ignore_changes", "troubleshooting help"):
        assert no_way not in render_text(report).plain


@pytest.mark.parametrize(
    ("inputs", "command"),
    [
        ({"metadata": {"name": "web", "namespace": "shop"}}, "kubectl delete hpa -n shop web"),
        ({}, "kubectl delete hpa ..."),
    ],
)
def test_an_autoscaler_that_has_set_a_number_is_to_go_before(inputs: dict[str, Any], command: str) -> None:
    conflict = 'conflict with "kube-controller-manager" with subresource "scale" using apps/v1: .spec.replicas'
    report = report_of(step("update", DEPLOYMENT, "shop/web", inputs, inputs), error(SEE + MANAGER + conflict, WEB))
    assert report.diagnostics[0].message.endswith(
        f"An autoscaler did, and the engine would delete it last of all: first `{command}`, if it is to go."
    )


SERVICE = "kubernetes:core/v1:Service"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
FAILED = 'Preview failed: resource "{urn}" was not successfully created by the Kubernetes API server: {words}'


@pytest.mark.parametrize(
    ("kind", "called", "words"),
    [
        (
            SERVICE,
            "Service shop/web",
            'Service "web" is invalid: spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set',
        ),
        (
            SERVICE,
            "Service shop/web",
            'Service "web" is invalid: spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for '
            "LoadBalancer services",
        ),
        (
            CLAIM,
            "PersistentVolumeClaim shop/web",
            'PersistentVolumeClaim "web" is invalid: spec: Forbidden: spec is immutable after creation except '
            "resources.requests\n    core.Spec{\n  - a\n  + b\n    }",
        ),
    ],
)
@pytest.mark.parametrize("op", ["replace", "create-replacement"])
def test_what_the_plugin_cannot_preview_beside_the_old_one_has_a_way(
    kind: str, called: str, words: str, op: str
) -> None:
    inputs = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"type": "ClusterIP"}}
    about = urn(kind, "web")
    said = error(FAILED.format(urn=about, words=words), about)
    report = report_of(step(op, kind, "web", inputs, {**inputs, "spec": {"clusterIP": "None"}}), said)
    told = next(each.message for each in report.diagnostics if "cannot preview" in each.message)
    assert told.startswith(
        f"{called}: Pulumi's plugin for Kubernetes cannot preview one that takes the place of another"
    )
    assert " ".join(words.split()) in told
    assert f"`pulumi up --skip-preview --stack test --target '{about}'`" in told
    assert "was not successfully created" not in render_text(report).plain


@pytest.mark.parametrize(
    ("op", "old"),
    [("create", None), ("replace", {"metadata": {"name": "web", "namespace": "other"}})],
)
def test_a_new_object_that_the_server_refuses_stays_as_the_engine_says_it(op: str, old: dict[str, Any] | None) -> None:
    about = urn(SERVICE, "web")
    said = FAILED.format(urn=about, words='Service "web" is invalid: spec.ports: Required value')
    new = {"metadata": {"name": "web", "namespace": "shop"}}
    assert [each.message for each in report_of(step(op, SERVICE, "web", old, new), error(said, about)).diagnostics] == [
        said
    ]


def test_an_object_of_which_no_step_is_told_has_its_name_from_the_urn() -> None:
    report = report_of(error(f'{SEE}{MANAGER}conflict with "kubectl": .spec.replicas', WEB))
    assert report.diagnostics[0].message.startswith("Deployment shop/web: kubectl has set .spec.replicas since")


NOT_FOUND = "reading KMS Alias (alias/slipway-state-canal): couldn't find resource"
LOOK_UPS = (
    f"invoking aws:kms/getAlias:getAlias: 1 error occurred:\n\t* {NOT_FOUND}",
    "invoke of aws:kms/getAlias:getAlias failed: invocation of aws:kms/getAlias:getAlias returned an error: "
    f"{NOT_FOUND}",
)
FRAMES = (
    "Program failed with an unhandled exception:\nTraceback (most recent call last):\n"
    '  File "/work/__main__.py", line 9, in <module>\n    main()\n    ~~~~^^\n'
    '  File "/work/infra/components/state_bucket.py", line 25, in __init__\n    found = aws.kms.get_alias(name)\n'
)


@pytest.mark.parametrize("look_up", LOOK_UPS)
def test_a_look_up_that_fails_is_told_without_the_frames_of_the_program(look_up: str) -> None:
    report = report_of(error(f"{FRAMES}Exception: {look_up}\n"))
    message = report.diagnostics[0].message
    assert message.endswith(f"the program failed: {look_up}")
    assert message.startswith("alias/slipway-state-canal is not in the region and account that this preview looked in")
    assert "(`slipway bootstrap test`)" in message
    for frame in ("Traceback", "File", "state_bucket", "unhandled"):
        assert frame not in render_text(report).plain


def test_of_a_chain_the_last_exception_stays_and_the_look_up_that_led_to_it() -> None:
    chain = (
        f"{FRAMES}Exception: invoking aws:ec2/getAmi:getAmi: no result\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        'Traceback (most recent call last):\n  File "a.py", line 1, in b\n    c()\npulumi.RunError: no image\n'
    )
    (told,) = [each.message for each in report_of(error(chain)).diagnostics]
    assert told == "the program failed: invoking aws:ec2/getAmi:getAmi: no result\npulumi.RunError: no image"


def test_a_fault_of_the_program_keeps_its_place() -> None:
    (told,) = [each.message for each in report_of(error(f"{FRAMES}KeyError: 'zone'\n")).diagnostics]
    assert told == "the program failed: KeyError: 'zone' (/work/infra/components/state_bucket.py, line 25)"


@pytest.mark.parametrize("message", ["no zone", "2 problems:\n  a\n  b"])
def test_other_errors_stay_as_they_are(message: str) -> None:
    assert [each.message for each in report_of(error(message)).diagnostics] == [message]
