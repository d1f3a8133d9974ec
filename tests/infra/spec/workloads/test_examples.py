"""The files in `apps/` and `examples/`: good, valid by the schema that editors use, and what their docs say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from infra.plan.workloads.workload import plan_workloads
from infra.spec import load
from tests.infra.workload_samples import environment

ROOT = Path(__file__).resolve().parents[4]
APPS = sorted((ROOT / "apps").glob("*.yaml"))
RATES = {
    "name": "rates", "namespace": "web", "type": "externalName", "host": "rates.example.com",
    "ports": [{"name": "http", "port": 80}],
}  # fmt: skip


@pytest.mark.parametrize("path", APPS, ids=lambda path: path.stem)
def test_an_example_is_good_for_editors_and_for_the_program(path: Path) -> None:
    schema = Draft202012Validator(json.loads((ROOT / "apps" / "schema.json").read_text(encoding="utf-8")))
    written = {each.stem: yaml.safe_load(each.read_text(encoding="utf-8")) for each in APPS}
    assert list(schema.iter_errors(written[path.stem])) == []
    plans = plan_workloads(environment(written, backends=[RATES], pinned=False))
    (plan,) = (each for each in plans if each.name == path.stem)
    assert plan.kind == written[path.stem].get("kind", "Deployment")


def test_an_editor_sees_a_misspelt_key() -> None:
    schema = Draft202012Validator(json.loads((ROOT / "apps" / "schema.json").read_text(encoding="utf-8")))
    (error,) = schema.iter_errors({"image": "a:1", "replica": 1})
    assert "replica" in error.message


def test_the_local_stack_runs_a_web_a_store_and_calls_something_outside() -> None:
    spec = load(ROOT / "stacks" / "Pulumi.local.yaml", "local")
    kinds = {plan.name: plan.kind for plan in plan_workloads(spec)}
    assert kinds.items() >= {"web": "Deployment", "store": "StatefulSet"}.items()
    assert "externalName" in {backend.type for backend in spec.backends}


def test_the_dockerfile_has_the_four_images_and_the_service_rests_on_no_other_image_but_the_base() -> None:
    text = (ROOT / "examples" / "service" / "Dockerfile").read_text(encoding="utf-8")
    stages = dict(reversed(pair) for pair in re.findall(r"^FROM (\S+) AS (\S+)$", text, re.MULTILINE))
    base = "${PYTHON_IMAGE}"
    assert stages == {"build": base, "test": "build", "service": base, "installation": "service"}
    service = text[text.index(" AS service") : text.index(" AS installation")]
    assert [line for line in service.splitlines() if line.startswith(("COPY", "ENV", "ARG"))] == [
        "COPY --from=build /opt/service /opt/service"
    ]
