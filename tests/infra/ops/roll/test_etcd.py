"""When etcd can do without a member, and when it is whole again."""

from __future__ import annotations

from typing import Any

import pytest

from infra.ops.errors import CredentialsError, OpsError
from infra.ops.kube import ClusterUnreachableError
from infra.ops.roll.etcd import ApiServerEtcdHealth, EtcdReport, failed_checks, problem

WITHOUT_A = "without a only {} of {} etcd members would be healthy, and a quorum is {}"
GOOD = "[+]ping ok\n[+]log ok\n[+]etcd ok\n[+]etcd-readiness ok\nreadyz check passed\n"
BAD = "[+]ping ok\n[-]etcd failed: reason withheld\n[+]etcd-readiness ok\nreadyz check failed\n"


def report(*healthy: str, bad: tuple[str, ...] = (), visible: bool = True) -> EtcdReport:
    return EtcdReport(True, frozenset(healthy), frozenset(bad), visible)


@pytest.mark.parametrize(
    ("found", "members", "lose", "said"),
    [
        (report("a", "b", "c"), 3, "a", ""),
        (report("a", "b", "c"), 3, "", ""),
        (report("a", "b", bad=("c",)), 3, "c", ""),
        (report("a", "b", bad=("c",)), 3, "a", WITHOUT_A.format(1, 3, 2)),
        (report("a", "b"), 3, "", "2 of 3 etcd members are healthy"),
        (report("a", "b", bad=("c",)), 3, "", "2 of 3 etcd members are healthy (not: c)"),
        (report("a", "b", "c", bad=("d", "e")), 5, "a", WITHOUT_A.format(2, 5, 3)),
        (report("a", "b", "c", "d", "e"), 5, "a", ""),
        (report("a"), 1, "a", ""),
        (report("a"), 1, "", ""),
        (report(visible=False), 3, "a", ""),
        (EtcdReport(False, frozenset(), frozenset(), False), 3, "a", "the API server's etcd checks fail"),
    ],
)  # fmt: skip
def test_quorum(found: EtcdReport, members: int, lose: str, said: str) -> None:
    assert problem(found, members, lose=lose) == said


def test_failed_checks_are_named() -> None:
    assert failed_checks(GOOD) == ()
    assert failed_checks(BAD) == ("etcd",)


class Api:
    """An API server's answers about etcd."""

    def __init__(self, text: str, pods: list[tuple[str, str]], status: int = 200) -> None:
        self.text, self.listed, self.status = text, pods, status

    def raw(self, method: str, path: str, query: dict[str, str]) -> tuple[int, str]:
        assert (method, path, query) == ("GET", "/readyz", {"verbose": "true"})
        return self.status, self.text

    def items(self, path: str, **query: str) -> list[dict[str, Any]]:
        assert path == "/api/v1/namespaces/kube-system/pods"
        assert query == {"labelSelector": "component=etcd,tier=control-plane"}
        return [
            {"spec": {"nodeName": node}, "status": {"conditions": [{"type": "Ready", "status": ready}]}}
            for node, ready in self.listed
        ]


def health(text: str, *pods: tuple[str, str]) -> EtcdReport:
    api: Any = Api(text, list(pods))
    return ApiServerEtcdHealth(api).report()


def test_members_are_seen_through_their_pods() -> None:
    assert health(GOOD, ("a", "True"), ("b", "False")) == report("a", bad=("b",))
    assert health(GOOD) == report(visible=False)
    assert not health(BAD, ("a", "True")).answers
    assert not health("ok").answers, "an answer without the check is no proof"


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (401, "", CredentialsError),
        (403, "forbidden", CredentialsError),
        (503, "<html>Service Unavailable</html>", ClusterUnreachableError),
        (500, BAD, None),
    ],
)
def test_an_answer_that_names_no_check_says_nothing_of_etcd(
    status: int, text: str, error: type[OpsError] | None
) -> None:
    api: Any = Api(text, [], status)
    if error is None:
        assert not ApiServerEtcdHealth(api).report().answers
        return
    with pytest.raises(error, match=f"HTTP {status}"):
        ApiServerEtcdHealth(api).report()
