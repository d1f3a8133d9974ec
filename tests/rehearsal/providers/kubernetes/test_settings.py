from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from rehearsal.providers.kubernetes.settings import Settings, SettingsError, parse_settings


def test_nothing_given() -> None:
    assert parse_settings({}, {}) == Settings()


def test_everything_given() -> None:
    given = {
        "kubeconfig": "/k",
        "context": "c",
        "cluster": "d",
        "namespace": "n",
        "clusterIdentifier": "i",
        "deleteUnreachable": "true",
        "skipUpdateUnreachable": True,
        "enableConfigMapMutable": "true",
        "enableSecretMutable": "true",
        "enablePatchForce": "true",
        "enableServerSideApply": "true",
        "upsertExistingObjects": "true",
        "suppressDeprecationWarnings": "true",
        "suppressHelmHookWarnings": "true",
        "kubeClientSettings": '{"qps": 5}',
        "version": "4.34.2",
        "strictMode": "",
    }
    assert parse_settings(given, {}) == Settings("/k", "c", "d", "n", "i", True, True, True, True, True, True, True)


@pytest.mark.parametrize(
    ("variable", "field"),
    [
        ("PULUMI_K8S_DELETE_UNREACHABLE", "delete_unreachable"),
        ("PULUMI_K8S_SKIP_UPDATE_UNREACHABLE", "skip_update_unreachable"),
        ("PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE", "config_maps_mutable"),
        ("PULUMI_K8S_ENABLE_SECRET_MUTABLE", "secrets_mutable"),
        ("PULUMI_K8S_ENABLE_PATCH_FORCE", "patch_force"),
        ("PULUMI_K8S_UPSERT_EXISTING_OBJECTS", "upsert"),
        ("PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS", "suppress_deprecation_warnings"),
    ],
)
def test_a_variable_stands_in_for_a_switch(variable: str, field: str) -> None:
    assert asdict(parse_settings({}, {variable: "true"})) == asdict(Settings()) | {field: True}


def test_a_setting_goes_before_its_variable() -> None:
    assert parse_settings({"deleteUnreachable": "false"}, {"PULUMI_K8S_DELETE_UNREACHABLE": "true"}) == Settings()


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ({"kubeconfg": "x"}, ["kubernetes:kubeconfg: unknown setting; did you mean 'kubeconfig'?"]),
        ({"zzz": "x"}, ["kubernetes:zzz: unknown setting"]),
        ({"context": 5}, ["kubernetes:context: 5 is not text"]),
        ({"deleteUnreachable": "yes"}, ["kubernetes:deleteUnreachable: 'yes' is neither true nor false"]),
        (
            {"renderYamlToDirectory": "/d", "helmReleaseSettings": "{}"},
            [
                "kubernetes:helmReleaseSettings: not supported by the stand-in for the kubernetes plugin: "
                "it has no Helm",
                "kubernetes:renderYamlToDirectory: not supported by the stand-in for the kubernetes plugin: "
                "it renders no YAML",
            ],
        ),
        (
            {"enableServerSideApply": "false"},
            [
                "kubernetes:enableServerSideApply: the stand-in for the kubernetes plugin always applies on the "
                "server; remove the setting"
            ],
        ),
        ({"enableServerSideApply": "no"}, ["kubernetes:enableServerSideApply: 'no' is neither true nor false"]),
    ],
)
def test_every_fault_is_named(given: dict[str, Any], lines: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(given, {})
    assert str(caught.value).splitlines() == lines
