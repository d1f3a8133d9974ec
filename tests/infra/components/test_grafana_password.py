from __future__ import annotations

from infra.components.grafana_password import GrafanaPassword
from infra.testing.recorder import record


def test_it_is_random_long_and_needs_no_quoting() -> None:
    recorder = record(lambda: GrafanaPassword("grafana-password"))
    assert recorder.inputs("random:index/randomPassword:RandomPassword", "grafana-password") == {
        "length": 32,
        "special": False,
    }
