"""The provider's configuration, from `kubernetes:*` in the stack or a `kubernetes.Provider` in the program."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

# The properties of `pulumi_kubernetes.Provider` 4.34.2, and the variable each boolean falls back to.
_TEXTS: Final = ("cluster", "clusterIdentifier", "context", "kubeconfig", "namespace")
_SWITCHES: Final = {
    "deleteUnreachable": "PULUMI_K8S_DELETE_UNREACHABLE",
    "enableConfigMapMutable": "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
    "enablePatchForce": "PULUMI_K8S_ENABLE_PATCH_FORCE",
    "enableSecretMutable": "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
    "enableServerSideApply": "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY",
    "skipUpdateUnreachable": "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
    "suppressDeprecationWarnings": "PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS",
    "suppressHelmHookWarnings": "PULUMI_K8S_SUPPRESS_HELM_HOOK_WARNINGS",
    "upsertExistingObjects": "PULUMI_K8S_UPSERT_EXISTING_OBJECTS",
}
_ON_BY_DEFAULT: Final = ("enableServerSideApply",)
# Tuning of a client that this plugin does not have; it changes no result.
_WITHOUT_EFFECT: Final = ("kubeClientSettings",)
# Set by the engine on every provider.
_ENGINE: Final = ("version", "pluginDownloadURL", "strictMode")
_NOT_SUPPORTED: Final = {
    "alwaysRender": "it renders no YAML",
    "helmReleaseSettings": "it has no Helm",
    "renderYamlToDirectory": "it renders no YAML",
}


class SettingsError(ValueError):
    """The configuration cannot be used; the text has a line for each fault."""


@dataclass(frozen=True)
class Settings:
    """What the configuration says; see `pulumi_kubernetes.Provider` for each. `namespace` is None unless set."""

    kubeconfig: str | None = None
    context: str | None = None
    cluster: str | None = None
    namespace: str | None = None
    cluster_identifier: str | None = None
    delete_unreachable: bool = False
    skip_update_unreachable: bool = False
    config_maps_mutable: bool = False
    secrets_mutable: bool = False
    patch_force: bool = False
    upsert: bool = False
    suppress_deprecation_warnings: bool = False


def parse_settings(given: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Return the settings in `given`, names without the `kubernetes:` prefix; values of null or "" count as
    absent.

    Raises SettingsError, naming every property that is unknown, not supported here, or of the wrong type.
    """
    present = {key: value for key, value in given.items() if value is not None and value != ""}
    faults = [fault for key, value in sorted(present.items()) if (fault := _fault(key, value)) is not None]
    switches = {name: _switch(name, present, environment) for name in _SWITCHES}
    if not switches["enableServerSideApply"] and not any("enableServerSideApply" in fault for fault in faults):
        faults.append(
            "kubernetes:enableServerSideApply: the stand-in for the kubernetes plugin always applies on the server; "
            "remove the setting"
        )
    if faults:
        raise SettingsError("\n".join(faults))
    return Settings(
        kubeconfig=present.get("kubeconfig"),
        context=present.get("context"),
        cluster=present.get("cluster"),
        namespace=present.get("namespace"),
        cluster_identifier=present.get("clusterIdentifier"),
        delete_unreachable=switches["deleteUnreachable"],
        skip_update_unreachable=switches["skipUpdateUnreachable"],
        config_maps_mutable=switches["enableConfigMapMutable"],
        secrets_mutable=switches["enableSecretMutable"],
        patch_force=switches["enablePatchForce"],
        upsert=switches["upsertExistingObjects"],
        suppress_deprecation_warnings=switches["suppressDeprecationWarnings"],
    )


def _fault(key: str, value: Any) -> str | None:
    where = f"kubernetes:{key}"
    if key in _TEXTS:
        return None if isinstance(value, str) else f"{where}: {value!r} is not text"
    if key in _SWITCHES:
        return None if _boolean(value) is not None else f"{where}: {value!r} is neither true nor false"
    if key in _NOT_SUPPORTED:
        return f"{where}: not supported by the stand-in for the kubernetes plugin: {_NOT_SUPPORTED[key]}"
    if key in _WITHOUT_EFFECT or key in _ENGINE:
        return None
    near = difflib.get_close_matches(key, (*_TEXTS, *_SWITCHES), n=1)
    return f"{where}: unknown setting" + (f"; did you mean {near[0]!r}?" if near else "")


def _switch(name: str, present: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    value = present.get(name, environment.get(_SWITCHES[name]))
    found = _boolean(value)
    return name in _ON_BY_DEFAULT if found is None else found


def _boolean(value: Any) -> bool | None:
    return {True: True, False: False, "true": True, "false": False}.get(value)
