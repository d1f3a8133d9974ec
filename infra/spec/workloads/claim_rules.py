"""Claims of a workload against the StorageClass that the environment's add-ons bring."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem
from infra.spec.workloads.workload import WorkloadSpec

OWN_CLASS = "gp3"
"""Name of that class (``infra/templates/addons/ebs-csi/storage.yaml``)."""
_AT_CSI: Location = ("cluster", "addons", "ebsCsi")


def check_claims(spec: EnvironmentSpec, workload: WorkloadSpec) -> Iterator[Problem]:
    """Yield the claims that would wait for a volume for ever."""
    addons = spec.cluster.addons
    brought = addons.managed and addons.ebs_csi.enabled and addons.ebs_csi.default_storage_class
    for index, claim in enumerate(workload.claims):
        at: Location = ("claims", index)
        if brought and claim.access == "ReadWriteMany" and claim.storage_class in (None, OWN_CLASS):
            yield Problem(
                (*at, "access"),
                "is of no volume of EBS, which storage class gp3 makes: one node mounts it at a time",
                "name a storageClass that shares its volumes, as one of EFS",
                repr(claim.access),
                ((*at, "storageClass"),),
            )
        if addons.managed and not brought and claim.storage_class is None:
            yield Problem(
                (*at, "storageClass"),
                "is missing, and cluster.addons.ebsCsi brings no default StorageClass",
                "name a StorageClass of the cluster",
                None,
                (_AT_CSI,),
            )
