from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from infra.plan.node.kubelet import kubelet_configuration
from infra.plan.node.yaml_text import yaml_text
from infra.plan.observability.fluent_bit import REFRESH_SECONDS, ROTATE_WAIT, STATE, fluent_bit_config, keeps_up
from infra.spec import EnvironmentSpec
from tests.infra.plan.observability.fluent_bit_reader import problems
from tests.infra.samples import sample_spec

SPECS = {
    "cloudWatch": sample_spec(),
    "openSearch": sample_spec(logging={"store": "openSearch"}),
    "elasticsearch": sample_spec(
        logging={"store": "elasticsearch", "elasticsearch": {"host": "logs.example.com", "secret": "logPassword"}}
    ),
}

each_store = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)


def part(config: dict[str, Any], section: str, alias: str) -> dict[str, Any]:
    """Return one input, filter or output by its alias, or its name where it has none."""
    (found,) = (each for each in config["pipeline"][section] if each.get("alias", each["name"]) == alias)
    return dict(found)


@each_store
def test_it_is_what_the_documentation_describes(spec: EnvironmentSpec) -> None:
    # Through YAML, as Fluent Bit gets it: there `on` and `off` must stay words.
    assert problems(yaml.safe_load(yaml_text(fluent_bit_config(spec)))) == []


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda c: c["service"].update({"storage.max_chunk_up": 3}), "service: unknown key storage.max_chunk_up"),
        (lambda c: c["pipeline"]["inputs"][0].update(rotate_wait="60s"), "inputs tail: rotate_wait cannot be '60s'"),
        (lambda c: c["pipeline"]["inputs"][0].update({"multiline.parser": "crio"}), "no multiline parser crio"),
        (lambda c: c["pipeline"]["inputs"][1].update(parser="adit"), "no parser adit"),
        (lambda c: c["pipeline"]["inputs"][1].update(db=f"{STATE}/containers.db"), "two inputs have the positions"),
        (lambda c: c["pipeline"]["outputs"].pop(), "host.journal goes to nobody"),
        (lambda c: c["pipeline"]["outputs"][0].update(match="*"), "audit goes to ['containers', 'audit']"),
        (lambda c: c["pipeline"]["filters"][0].update(match="kubes.*"), "nothing is tagged as multiline matches"),
        (lambda c: c["pipeline"]["filters"][0].update(name="multi"), "filters: no plugin multi"),
        (lambda c: c["pipeline"].update(output=[]), "unknown section pipeline.output"),
    ],
)
def test_the_reader_refuses_what_is_wrong(break_it: Any, words: str) -> None:
    config = copy.deepcopy(fluent_bit_config(SPECS["cloudWatch"]))
    break_it(config)
    assert any(problem.startswith(words) for problem in problems(config)), problems(config)


def test_every_line_of_a_machine_has_an_input() -> None:
    config = fluent_bit_config(SPECS["cloudWatch"])
    assert {each["alias"]: each["path"] for each in config["pipeline"]["inputs"]} == {
        "containers": "/var/log/containers/*.log",
        "audit": "/var/log/kubernetes/audit/audit.lo[g]",
        "journal": "/var/log/journal",
        "files": "/var/log/*.log,/var/log/audit/audit.lo[g]",
    }


@each_store
def test_positions_and_buffers_are_on_the_machines_disk(spec: EnvironmentSpec) -> None:
    config = fluent_bit_config(spec)
    assert config["service"]["storage.path"].startswith(STATE)
    for each in config["pipeline"]["inputs"]:
        assert each["db"].startswith(f"{STATE}/")
        assert each["storage.type"] == "filesystem"
    assert part(config, "filters", "multiline")["emitter_storage.type"] == "filesystem"


@each_store
def test_no_line_is_given_up_and_the_buffer_has_the_size_that_the_spec_gives(spec: EnvironmentSpec) -> None:
    outputs = fluent_bit_config(spec)["pipeline"]["outputs"]
    assert {each["retry_limit"] for each in outputs} == {"no_limits"}
    assert {each["alias"]: each["storage.total_limit_size"] for each in outputs} == {
        "containers": "3072M",
        "audit": "512M",
        "hosts": "512M",
    }


def test_traces_are_joined_before_pods_are_looked_up() -> None:
    names = [each["name"] for each in fluent_bit_config(SPECS["cloudWatch"])["pipeline"]["filters"]]
    assert names == ["multiline", "kubernetes", "record_modifier"]
    assert part(fluent_bit_config(SPECS["cloudWatch"]), "filters", "multiline")["multiline.parser"] == "go,java,python"


def test_the_stores_are_reached_as_each_wants() -> None:
    cloud = part(fluent_bit_config(SPECS["cloudWatch"]), "outputs", "audit")
    assert (cloud["name"], cloud["log_group_name"]) == ("cloudwatch_logs", "/slipway/test.example.com/audit")
    assert cloud["auto_create_group"] == "off"
    own = part(fluent_bit_config(SPECS["openSearch"]), "outputs", "containers")
    assert (own["name"], own["host"], own["port"]) == ("opensearch", "opensearch.log-store.svc", 9200)
    assert (own["tls"], own["tls.verify"], own["tls.ca_file"]) == ("on", "on", "/etc/fluent-bit-store/ca.crt")
    others = part(fluent_bit_config(SPECS["elasticsearch"]), "outputs", "hosts")
    assert (others["name"], others["host"], others["port"]) == ("es", "logs.example.com", 443)
    assert (others["http_user"], others["http_passwd"]) == ("slipway", "${STORE_PASSWORD}")
    assert (others["tls.verify"], "tls.ca_file" in others) == ("on", False)
    assert others["logstash_prefix"] == "logs-hosts"


def test_the_numbers_are_those_of_the_kubelets_rotation() -> None:
    kubelet = kubelet_configuration("100.64.0.10", 110, "Node", ())
    assert (kubelet["containerLogMaxSize"], kubelet["containerLogMaxFiles"]) == ("10Mi", 5)
    # The kubelet's containerLogMonitorInterval, which is left at its default of 10 s.
    assert "containerLogMonitorInterval" not in kubelet
    assert REFRESH_SECONDS < 10 < ROTATE_WAIT


@pytest.mark.parametrize(
    ("writes", "reads", "kept"),
    [
        (0.1, 0.3, True),
        (1, 1.3, False),  # 20 MiB at 0.3 MiB/s take 67 s
        (1, 1.4, True),
        (5, 5, False),
        (5, 5.9, False),
        (5, 6.1, True),
        (20, 23.5, True),
        (20, 23.4, False),
    ],
)
def test_which_rates_lose_nothing(writes: float, reads: float, kept: bool) -> None:
    assert keeps_up(writes, reads) is kept


def test_a_file_must_not_be_renamed_before_it_is_found() -> None:
    assert keeps_up(3, 30, looks_seconds=2) is False
    assert keeps_up(1, 30, looks_seconds=2) is True
