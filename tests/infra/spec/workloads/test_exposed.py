"""What is said of workloads that ask to be reached from outside, where something of their own is wrong already."""

from __future__ import annotations

from typing import Any

from tests.infra.workload_samples import IMAGE, problems

WEB: dict[str, Any] = {"image": IMAGE, "ports": [{"name": "http", "port": 8080}], "from": ["edge"]}


def test_a_bad_path_is_not_taken_for_every_path() -> None:
    api = {**WEB, "expose": {"host": "go.example.com", "path": "api/"}}
    web = {**WEB, "expose": {"host": "go.example.com"}}
    assert problems({"api": api, "web": web}) == [
        "apps/api.yaml: expose.path: 'api/' is not a path of a URL. Fix: begin it with /, without spaces, as /healthz."
    ]


def test_a_missing_host_is_not_taken_for_the_example_of_one() -> None:
    edge = {
        "firewall": [{"name": "all", "sources": ["anywhere"], "ports": [443], "hosts": ["go.example.com"]}],
        "tls": {"acm": "arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"},
    }
    assert problems({"web": {**WEB, "expose": {"hosts": ["go.example.com"]}}}, edge=edge) == [
        "apps/web.yaml: expose.hosts: is not a known key. Fix: write one name as host, and the others as furtherHosts.",
        "apps/web.yaml: expose.host: is missing. Fix: add host, for example 'app.example.com'.",
    ]


def test_another_problem_of_the_file_does_not_hide_what_is_wrong_with_the_host() -> None:
    web = {**WEB, "replica": 3, "expose": {"host": "go.example.org"}}
    assert [line.partition(" Fix:")[0] for line in problems({"web": web})] == [
        "apps/web.yaml: replica: is not a known key.",
        "apps/web.yaml: expose.host: 'go.example.org' can be reached by nobody: no rule of the firewall allows it on "
        "443.",
    ]
