"""One report for the stack file and the files of its workloads, whichever of them is wrong."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.spec import SpecError
from infra.spec.load import whole_environment
from tests.infra.samples import sample_mapping
from tests.infra.workload_samples import IMAGE


def told(folder: Path, files: dict[str, dict[str, Any]], **environment: Any) -> list[str]:
    """Return the problems of an environment with a namespace ``web`` and these workloads' files."""
    for name, written in files.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(written), encoding="utf-8")
    raw = sample_mapping(cluster={"namespaces": [{"name": "web"}]})
    with pytest.raises(SpecError) as refused:
        whole_environment({**raw, **environment}, "dev", folder, lambda _: "missing", source="here")
    assert refused.value.source == "here"
    return [str(problem) for problem in refused.value.problems]


USE = {"name": "web", "namespace": "web"}
REGION = "region: 'mars' is not"
WRONG_KEY = "apps/web.yaml: replica: is not a known key. Fix: write replicas."


def test_a_bad_stack_file_hides_no_bad_workload(tmp_path: Path) -> None:
    first, second = told(tmp_path, {"web": {"image": IMAGE, "replica": 3}}, workloads=[USE], region="mars")
    assert first.startswith(REGION)
    assert second == WRONG_KEY


def test_overrides_are_judged_with_the_file_they_are_laid_over(tmp_path: Path) -> None:
    uses = [{**USE, "overrides": {"replicas": 0.5}}]
    first, second = told(tmp_path, {"web": {"image": IMAGE}}, workloads=uses, region="mars")
    assert first.startswith(REGION)
    assert second.startswith("workloads[0].overrides.replicas: 0.5 is not a whole number.")


@pytest.mark.parametrize(
    "entry",
    [None, "web", {"name": "web"}, {**USE, "overide": {}}, {**USE, "overrides": {"day": datetime.date(2026, 1, 2)}}],
)
def test_an_entry_that_is_wrong_itself_is_told_once_and_the_next_one_judged(tmp_path: Path, entry: Any) -> None:
    files = {"web": {"image": IMAGE, "replica": 3}, "api": {"image": IMAGE, "port": 80}}
    problems = told(tmp_path, files, workloads=[entry, {"name": "api", "namespace": "web"}])
    assert [each for each in problems if each.startswith("apps/web.yaml")] == []
    assert len([each for each in problems if each.startswith("workloads[0]")]) == 1
    assert problems[-1].startswith("apps/api.yaml: port: is not a known key.")


@pytest.mark.parametrize("uses", ["web", {"web": {}}, None])
def test_what_is_no_list_is_told_alone(tmp_path: Path, uses: Any) -> None:
    (problem,) = told(tmp_path, {"web": {"image": IMAGE, "replica": 3}}, workloads=uses)
    assert problem.startswith("workloads: ")


def test_what_a_workload_needs_of_the_environment_is_judged_once_that_is_right(tmp_path: Path) -> None:
    by_tag = {"web": {"image": IMAGE.partition("@")[0] + ":1.2"}}
    (problem,) = told(tmp_path, by_tag, workloads=[USE], region="mars")
    assert problem.startswith(REGION)
    (problem,) = told(tmp_path, by_tag, workloads=[USE])
    assert "pinnedImages" in problem
