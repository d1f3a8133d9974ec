"""A key of the secret configuration that nobody has set is said when files are read, not when half is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.spec import SpecError, load
from tests.infra.samples import sample_mapping
from tests.infra.workload_samples import IMAGE

COMMAND = "pulumi config set --secret slipway:"
WEB = {"image": IMAGE, "secrets": [{"name": "password", "config": "webPassword"}]}


def told(folder: Path, config: dict[str, Any], web: dict[str, Any] | None = None, **environment: Any) -> list[str]:
    """Return the problems of environment ``dev`` with a workload ``web``."""
    spec = sample_mapping()
    spec["cluster"] = {**spec["cluster"], "namespaces": [{"name": "web"}]}
    spec |= {"workloads": [{"name": "web", "namespace": "web"}], **environment}
    for name, content in (
        ("stacks/Pulumi.dev.yaml", {"config": {"slipway:environment": spec, **config}}),
        ("apps/web.yaml", web or WEB),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(yaml.safe_dump(content))
    try:
        load(folder / "stacks" / "Pulumi.dev.yaml", "dev")
    except SpecError as error:
        return [str(problem) for problem in error.problems]
    return []


def test_a_secret_that_nobody_makes_is_named_by_its_file(tmp_path: Path) -> None:
    assert told(tmp_path, {}) == [
        "apps/web.yaml: secrets[0].config: 'webPassword' is not in the stack's configuration. "
        f"Fix: run {COMMAND}webPassword --stack dev."
    ]


def test_one_that_is_set_is_no_problem(tmp_path: Path) -> None:
    assert told(tmp_path, {"slipway:webPassword": {"secure": "v1:abc"}}) == []


def test_one_in_the_open_is_refused_without_its_value(tmp_path: Path) -> None:
    (problem,) = told(tmp_path, {"slipway:webPassword": "hunter2"})
    assert problem == (
        "apps/web.yaml: secrets[0].config: 'webPassword' stands unencrypted in the stack's configuration. Fix: give it "
        f"another value by {COMMAND}webPassword --stack dev: this one is in the repository."
    )


def test_an_override_is_named_by_its_path_in_the_stack_file(tmp_path: Path) -> None:
    use = {"name": "web", "namespace": "web", "overrides": {"secrets": [{"name": "key", "config": "other"}]}}
    (problem,) = told(tmp_path, {}, workloads=[use])
    assert problem.startswith("workloads[0].overrides.secrets[0].config: 'other' is not in the stack's configuration.")


def test_a_missing_secret_is_told_beside_other_problems_of_its_file(tmp_path: Path) -> None:
    problems = told(tmp_path, {}, {**WEB, "replica": 3})
    assert [each.partition(":")[2].split(":")[0].strip() for each in problems] == ["replica", "secrets[0].config"]


def test_no_secret_is_sought_in_a_list_that_is_wrong_in_itself(tmp_path: Path) -> None:
    (problem,) = told(tmp_path, {}, {**WEB, "secrets": [{"name": "a", "config": "1x"}, *WEB["secrets"]]})
    assert problem.startswith("apps/web.yaml: secrets[0].config: '1x' is not a key")


def test_an_override_that_is_wrong_hides_no_secret_of_another_file(tmp_path: Path) -> None:
    (tmp_path / "apps").mkdir()
    (tmp_path / "apps" / "api.yaml").write_text(
        yaml.safe_dump({"image": IMAGE, "secrets": [{"name": "k", "config": "1x"}]})
    )
    uses = [{"name": name, "namespace": "web"} for name in ("api", "web")]
    problems = told(tmp_path, {}, workloads=uses)
    assert [each.split(" is ")[0] for each in problems] == [
        "apps/api.yaml: secrets[0].config: '1x'",
        "apps/web.yaml: secrets[0].config: 'webPassword'",
    ]


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        (
            {"logging": {"store": "elasticsearch", "elasticsearch": {"host": "l.example.com", "secret": "key"}}},
            "logging.elasticsearch.secret",
        ),
        ({"monitoring": {"alerting": {"secret": "key"}}}, "monitoring.alerting.secret"),
    ],
)
def test_the_environments_own_are_asked_for_too(tmp_path: Path, environment: dict[str, Any], path: str) -> None:
    assert told(tmp_path, {}, {"image": IMAGE}, **environment) == [
        f"{path}: 'key' is not in the stack's configuration. Fix: run {COMMAND}key --stack dev."
    ]
