"""Which of the end-to-end files start first: the longest, so that no worker is left with one when the other is done."""

from __future__ import annotations

from collections.abc import Mapping

SECONDS: Mapping[str, int] = {
    "tests/e2e/test_documents.py": 330,
    "tests/e2e/test_bad_days.py": 230,
    "tests/e2e/test_destroy.py": 110,
    "tests/e2e/test_life.py": 210,
    "tests/e2e/test_machines.py": 90,
    "tests/e2e/test_recover.py": 180,
    "tests/e2e/test_roll.py": 180,
    "tests/e2e/test_preview.py": 140,
    "tests/e2e/test_rotation.py": 100,
    "tests/e2e/test_kubernetes_plugin.py": 420,
    "tests/e2e/test_rename.py": 40,
    "tests/e2e/test_secrets_kms.py": 50,
    "tests/e2e/test_existing_network.py": 85,
    "tests/infra/ops/recover/test_run.py": 60,
    "tests/e2e/test_controlplane.py": 15,
    "tests/e2e/test_login.py": 15,
    "tests/e2e/test_kubernetes_engine.py": 55,
    "tests/e2e/test_certificates.py": 75,
    "tests/e2e/test_edge_router.py": 25,
    "tests/e2e/test_local_standins.py": 30,
    "tests/e2e/test_kubernetes_standin.py": 15,
    "tests/e2e/test_member_added.py": 30,
    "tests/e2e/test_addon_programs.py": 35,
    "tests/e2e/test_monitoring_programs.py": 30,
    "tests/e2e/test_etcd_restore.py": 30,
    "tests/examples/test_service_image.py": 30,
    "tests/e2e/test_edge_certificates.py": 100,
    "tests/e2e/test_workload_health.py": 20,
    "tests/e2e/test_edge.py": 20,
    "tests/e2e/test_node_config.py": 20,
    "tests/e2e/test_workload_kind.py": 60,
    "tests/e2e/test_volumes.py": 50,
    "tests/e2e/test_autoscaling.py": 120,
    "tests/e2e/test_files_with_mistakes.py": 40,
    "tests/e2e/test_monitoring_reload.py": 60,
    "tests/e2e/test_workloads.py": 10,
    "tests/e2e/test_observability.py": 20,
    "tests/e2e/test_addons.py": 20,
}
"""What a file takes, roughly; `./check` prints what each took. A file that is not here takes little."""


def seconds(node_id: str) -> int:
    """Return what the file of a test takes."""
    return SECONDS.get(node_id.partition("::")[0], 0)
