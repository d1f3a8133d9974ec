"""What a document tells its reader to run, and what of that cannot be run in a rehearsal."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.docs.documents import ROOT, Document

NOT_RUN: dict[str, str] = {
    r"^\./check$": "runs these very tests",
    r"^\.venv/bin/python -m pytest stacks/tests$": "runs with these very tests",
    r"^(buildah |podman |container=)": "builds and pushes images, which needs a registry; the build has its own tests",
    r"^\./etcd_backup\.py ctl member ": "runs on a member of a cluster that has lost another one",
    r"^cd /usr/local/lib/slipway$": "goes to a folder of a machine's",
    r" port-forward ": "does not end, and needs a kubelet, which stand-in machines have not",
    r"^kubectl -n (monitoring|log-store) get secret ": "these stacks are off here, to keep the environment small",
    r"^slipway validate dev --workload ": "dev has no workloads; tests/e2e/test_workload_health.py asks of some",
    r"^slipway kubeconfig prod --login ": "dev has no issuer; tests/e2e/test_login.py logs in at one",
    r"^aws autoscaling set-instance-protection ": "of a group with protected machines, which dev's is not",
    r"^pulumi state unprotect 'urn:pulumi:prod::": "of a namespace, or a way to the API, that dev does not have",
    r"^\./rehearse boots ": "of machines that boot, which have tests of their own (tests/e2e/test_machines.py)",
    r"^kubectl delete hpa |^PULUMI_K8S_ENABLE_PATCH_FORCE=": "tests/e2e/test_autoscaling.py ends an autoscaler so",
    r"^\./rehearse up prod$": "as `./rehearse up`, of the largest file; benchmarks and CI bring it up",
}
"""Regular expression of a line -> why it is not run. Each is looked at in review; a line that none fits is run."""

ELSEWHERE: dict[str, str] = {
    "docs/encrypt-secrets.md": "tests/e2e/test_secrets_kms.py takes these steps, with the real API server",
    "docs/rotate-cas.md": "tests/e2e/test_rotation.py takes these steps, and asks the API with certificates of each",
    "docs/volumes.md": "tests/e2e/test_volumes.py takes these steps, with a volume behind each claim",
}
"""Document -> the test that takes its steps without reading its lines."""

WALKED = (
    "README.md",
    "docs/declare.md",
    "docs/state.md",
    "docs/validate.md",
    "docs/control-plane.md",
    "docs/open-a-port.md",
    "docs/change-a-group.md",
    "docs/roll.md",
    "docs/upgrade.md",
    "docs/drift.md",
    "docs/preview-in-pull-requests.md",
    "docs/restore-etcd.md",
    "docs/recover-state.md",
    "docs/monitoring.md",
    "docs/destroy.md",
    "docs/rehearsal.md",
)
"""The documents whose commands are run. Of the others every line must be in :data:`NOT_RUN`."""


@dataclass(frozen=True)
class Line:
    """A line of shell in a document."""

    document: str
    text: str
    """As it is written; a line continued with a backslash is one."""
    number: int
    """Of how many equal ones before it in its document."""

    @property
    def not_run(self) -> str:
        """Why it is not run; empty where it is."""
        return next((why for pattern, why in NOT_RUN.items() if re.search(pattern, self.text)), "")


def lines_of(name: str) -> list[Line]:
    """Return the shell lines of a document, named by its path in the checkout."""
    found: list[Line] = []
    for text in Document(ROOT / name).shell_lines():
        bare = " ".join(text.split())
        found.append(Line(name, bare, sum(each.text == bare for each in found)))
    return found
