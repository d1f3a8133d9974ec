"""A Kubernetes object as a resource, under the type that pulumi-kubernetes has for its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from infra.plan.naming import kubernetes_token


class KubernetesObject(pulumi.CustomResource):
    """One object of any kind, given as its manifest.

    Plans hold manifests, which the SDK's own classes would need renamed, and the SDK knows no custom kinds. Importing
    its classes of the core and apps groups would take half a second of each preview. What a Secret holds is a secret of
    the engine's too, as it is with the SDK.

    Args:
        logical_name: name of the resource.
        manifest: the object with ``apiVersion`` and ``kind``, in the API's own words; leaves may be outputs.
        opts: as for any resource.
    """

    def __init__(
        self, logical_name: str, manifest: Mapping[str, pulumi.Input[Any]], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        token = kubernetes_token(str(manifest["apiVersion"]), str(manifest["kind"]))
        hidden = [key for key in ("data", "stringData") if key in manifest] if manifest["kind"] == "Secret" else []
        inputs = {**manifest, **{key: pulumi.Output.secret(manifest[key]) for key in hidden}}
        if hidden:
            both = pulumi.ResourceOptions(additional_secret_outputs=["data", "stringData"])
            opts = pulumi.ResourceOptions.merge(opts, both)
        super().__init__(token, logical_name, inputs, opts)

    @property
    def object_name(self) -> pulumi.Output[str]:
        """The object's name in the cluster, made up by the provider where the manifest has none."""
        metadata: pulumi.Output[Mapping[str, Any]] = pulumi.get(self, "metadata")
        return metadata.apply(lambda known: known.get("name"))
