"""Which image each workload runs: what its file says, and what the pods in the cluster have pulled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.ops.kube import Kube
from infra.ops.own_pods import pods_and_warnings
from infra.ops.pod_trouble import refusals_of, trouble_of, wanted_pods
from infra.plan.workloads.objects import selector
from infra.spec import EnvironmentSpec
from infra.spec.workloads.image_reference import image_parts
from infra.spec.workloads.workload import WorkloadSpec


@dataclass(frozen=True)
class ImageInUse:
    """The image of one workload."""

    namespace: str
    workload: str
    declared: str
    """As the file and the environment's overrides have it."""
    running: Mapping[str, int] | None
    """Digest, or the reference where a pod has pulled nothing yet -> number of pods; None where nobody was asked."""
    troubles: tuple[str, ...] = ()
    """Pods that do not serve, and pods that could not even be made, each with its reason."""

    @property
    def verdict(self) -> str:
        """``as declared``, ``no pods``, ``rolling out`` (some pods run another image), ``other image``, or ``-``."""
        if self.running is None:
            return "-"
        if not self.running:
            return "no pods"
        wanted = digest_of(self.declared)
        same = [wanted == image for image in self.running]
        if all(same):
            return "as declared"
        return "rolling out" if any(same) else "other image"


def digest_of(reference: str) -> str:
    """Return the digest that a reference names, else the reference itself."""
    digest = image_parts(reference)[2]
    return digest or reference


def declared_images(spec: EnvironmentSpec) -> tuple[ImageInUse, ...]:
    """Return what the files say, without asking anybody."""
    return tuple(
        ImageInUse(workload.namespace, workload.name, workload.image, None) for workload in spec.declared_workloads
    )


def images_in_use(spec: EnvironmentSpec, kube: Kube) -> tuple[ImageInUse, ...]:
    """Return what the files say beside what runs.

    Raises:
        OpsError: the API server cannot be asked.
    """
    namespaces = sorted({workload.namespace for workload in spec.declared_workloads})
    seen = {namespace: pods_and_warnings(kube, namespace) for namespace in namespaces}
    return tuple(_in_use(spec, workload, *seen[workload.namespace]) for workload in spec.declared_workloads)


def _in_use(
    spec: EnvironmentSpec,
    workload: WorkloadSpec,
    pods: Sequence[Mapping[str, Any]],
    warnings: Sequence[Mapping[str, Any]],
) -> ImageInUse:
    wanted = selector(spec, workload.name).items()
    own = [pod for pod in pods if wanted <= pod["metadata"].get("labels", {}).items()]
    alive = [pod for pod in own if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")]
    return ImageInUse(
        workload.namespace,
        workload.name,
        workload.image,
        dict(Counter(_image_of(pod, workload) for pod in alive)),
        (
            *(str(trouble) for pod in own if (trouble := trouble_of(pod, warnings)) is not None),
            *(map(str, refusals_of(workload, warnings)) if len(alive) < wanted_pods(workload) else ()),
        ),
    )


def _image_of(pod: Mapping[str, Any], workload: WorkloadSpec) -> str:
    """Return the digest that the main container runs; as long as it has pulled nothing, what its spec names."""
    named = next((c["image"] for c in pod["spec"]["containers"] if c["name"] == workload.name), "unknown")
    for status in pod.get("status", {}).get("containerStatuses", []):
        if status["name"] == workload.name and "@sha256:" in status.get("imageID", ""):
            pulled = "sha256:" + status["imageID"].rpartition("@sha256:")[2]
            # Of an image named by a tag, the tag is what the file can be compared with.
            return pulled if image_parts(workload.image)[2] else str(named)
    return str(named).rpartition("@")[2] if "@sha256:" in named else str(named)
