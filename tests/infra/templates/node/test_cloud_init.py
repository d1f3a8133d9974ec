"""User-data judged by cloud-init's own schema module."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.plan.node.sysctls import SYSCTLS
from infra.plan.node.user_data import USER_DATA_LIMIT, render_user_data
from infra.spec import EnvironmentSpec, Problem, SpecError
from infra.spec.sysctls import KEPT
from tests.infra.plan.node.rendered import VOLUMES, cloud_config, files_of, user_data
from tests.infra.samples import sample_mapping, sample_spec, with_group
from tests.infra.templates.node.tools import needs

pytestmark = pytest.mark.process

# cloud-init is a program of the system's own Python, so its module is asked there: once started, a document a line.
VALIDATOR = """
import json, sys
from cloudinit.config.schema import SchemaValidationError, get_schema, validate_cloudconfig_schema
import cloudinit.util
schema = get_schema()
for line in sys.stdin:
    try:
        validate_cloudconfig_schema(cloudinit.util.load_yaml(json.loads(line)), schema, strict=True)
        print("valid", flush=True)
    except SchemaValidationError as error:
        print(str(error).replace(chr(10), " "), flush=True)
"""


class CloudInit:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def verdict(self, document: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(document) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


@pytest.fixture(scope="module")
def cloud_init() -> Iterator[CloudInit]:
    with subprocess.Popen(
        ["/usr/bin/python3", "-I", "-c", VALIDATOR], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield CloudInit(process)
        assert process.stdin is not None
        process.stdin.close()


@needs("cloud-init", "cloud-init")
@pytest.mark.parametrize("name", ["control-plane-a", "nodes", "edge"])
def test_the_command_accepts_each_role(name: str, tmp_path: Path) -> None:
    path = tmp_path / "user-data"
    path.write_text(user_data(name, with_group(volumes=VOLUMES)))
    result = subprocess.run(["cloud-init", "schema", "-c", str(path)], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout.strip()) == (0, f"Valid cloud-config: {path}"), result.stderr


@needs("cloud-init", "cloud-init")
def test_the_schema_refuses_what_it_does_not_know(cloud_init: CloudInit) -> None:
    broken = user_data().replace("disable_root: true", "disable_root: [perhaps]")
    assert "disable_root: ['perhaps'] is not of type 'boolean'" in cloud_init.verdict(broken)
    assert cloud_init.verdict(user_data()) == "valid"


def labels() -> st.SearchStrategy[dict[str, str]]:
    word = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,30}[A-Za-z0-9])?", fullmatch=True)
    keys = st.one_of(word, word.map(lambda name: f"example.com/{name}"))
    return st.dictionaries(keys, st.one_of(st.just(""), word), max_size=40)


def taints() -> st.SearchStrategy[list[str]]:
    effects = st.sampled_from(["NoSchedule", "PreferNoSchedule", "NoExecute"])
    return labels().flatmap(
        lambda pairs: st.lists(effects, min_size=len(pairs), max_size=len(pairs)).map(
            lambda chosen: [f"{k}={v}:{e}" for (k, v), e in zip(pairs.items(), chosen, strict=True)]
        )
    )


def volumes() -> st.SearchStrategy[list[dict[str, Any]]]:
    path = st.from_regex(r"(/[a-z0-9._-]{1,20}){1,4}", fullmatch=True).filter(
        lambda p: not {".", ".."} & set(p.split("/"))
    )
    paths = st.lists(path, max_size=11, unique=True)
    return paths.map(
        lambda found: [
            {"device": f"/dev/sd{letter}", "mountPath": path, "sizeGi": 8}
            for letter, path in zip("fghijklmnop", found, strict=False)
        ]
    )


def sysctls() -> st.SearchStrategy[dict[str, str]]:
    names = st.from_regex(r"vm\.[a-z0-9_-]{1,20}(/[a-z0-9_-]{1,5})?", fullmatch=True).filter(
        lambda name: name not in KEPT
    )
    values = st.from_regex(r"[!-~]{1,20}( [!-~]{1,20}){0,3}", fullmatch=True)
    return st.dictionaries(names, values, max_size=10)


def rendered_or_refused(spec: EnvironmentSpec, index: int) -> str | tuple[Problem, ...]:
    try:
        return render_user_data(spec, spec.instance_groups[index])
    except SpecError as error:
        return error.problems


@needs("cloud-init", "cloud-init")
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    role=st.sampled_from(["control-plane-a", "nodes", "edge"]),
    node_labels=labels(),
    node_taints=taints(),
    data_volumes=volumes(),
    parameters=sysctls(),
    max_pods=st.integers(8, 250),
)
def test_any_valid_group_is_accepted_or_refused_once(
    cloud_init: CloudInit,
    role: str,
    node_labels: dict[str, str],
    node_taints: list[str],
    data_volumes: list[dict[str, Any]],
    parameters: dict[str, str],
    max_pods: int,
) -> None:
    mapping = sample_mapping(monitoring={"enabled": False})
    group = next(group for group in mapping["instanceGroups"] if group["name"] == role)
    group |= {"nodeLabels": node_labels, "taints": node_taints, "volumes": data_volumes, "maxPods": max_pods}
    group |= {"sysctls": parameters}
    spec = sample_spec(**mapping)
    index = next(i for i, each in enumerate(spec.instance_groups) if each.name == role)
    outcome = rendered_or_refused(spec, index)
    if not isinstance(outcome, str):
        at = ("instanceGroups", index)
        assert outcome
        assert all(problem.location[:2] == at for problem in outcome)
        assert sum(problem.location == at for problem in outcome) <= 1
        return
    text = outcome
    assert len(text.encode()) <= USER_DATA_LIMIT
    assert cloud_config(text)["ssh_pwauth"] is False
    declared = "".join(f"{key} = {value}\n" for key, value in sorted(parameters.items()))
    assert files_of(text).get(SYSCTLS, "") == declared
    assert cloud_init.verdict(text) == "valid"
