from __future__ import annotations

import pytest

from infra.plan.node.sysctls import MODULES, SYSCTLS
from infra.spec import SpecError
from tests.infra.plan.node.rendered import cloud_config, fetched_files, files_of, user_data
from tests.infra.samples import sample_mapping, sample_spec, with_group


@pytest.mark.parametrize("name", ["control-plane-a", "nodes", "edge"])
def test_a_group_of_any_role_has_a_file_of_them_and_nothing_else_differs(name: str) -> None:
    groups = sample_mapping()["instanceGroups"]
    (group,) = (group for group in groups if group["name"] == name)
    group["sysctls"] = {"vm.max_map_count": "262144", "net.ipv4.tcp_rmem": "4096 131072 16777216"}
    spec = sample_spec(instanceGroups=groups)
    before, after = files_of(user_data(name)), files_of(user_data(name, spec))
    assert after.pop(SYSCTLS) == "net.ipv4.tcp_rmem = 4096 131072 16777216\nvm.max_map_count = 262144\n"
    assert after == before
    assert fetched_files(name, spec) == fetched_files(name)
    others = {"control-plane-a", "nodes", "edge"} - {name}
    assert all(user_data(other, spec) == user_data(other) for other in others)


def test_a_group_without_any_has_the_same_bytes() -> None:
    assert user_data("nodes", with_group(sysctls={})) == user_data("nodes")
    assert "99-zz" not in user_data("nodes")


def test_the_file_comes_after_ours_and_the_image_s_and_before_cilium_s() -> None:
    (ours,) = (path for path in files_of(user_data()) if path.startswith("/etc/sysctl.d/"))
    names = [path.rpartition("/")[2] for path in (ours, "/etc/sysctl.d/99-sysctl.conf", SYSCTLS)]
    assert [*names, "99-zzz-override_cilium.conf"] == sorted([*names, "99-zzz-override_cilium.conf"])


def test_they_are_set_before_the_kubelet_starts_and_what_fails_of_it_stops_nothing() -> None:
    commands = cloud_config(user_data("nodes", with_group(sysctls={"vm.swappiness": "1"})))["runcmd"]
    (settled,) = (index for index, command in enumerate(commands) if "systemd-sysctl" in command)
    (started,) = (index for index, command in enumerate(commands) if command.startswith("systemctl restart --no-block"))
    assert settled < started
    assert not any(command.startswith("set ") or "exit" in command for command in commands)


@pytest.mark.parametrize(
    ("key", "loaded"),
    [
        ("net.netfilter.nf_conntrack_max", True),
        ("net.nf_conntrack_max", True),
        ("net.netfilter.nf_log.2", False),
        ("net.core.somaxconn", False),
    ],
)
def test_the_module_of_connection_tracking_is_loaded_for_its_parameters(key: str, loaded: bool) -> None:
    files = files_of(user_data("nodes", with_group(sysctls={"vm.swappiness": "1", key: "2"})))
    assert files[SYSCTLS] == f"{key} = 2\nvm.swappiness = 1\n"
    assert files.get(MODULES) == ("nf_conntrack\n" if loaded else None)


def test_their_share_of_user_data_that_is_too_long_is_told() -> None:
    many = {f"net.ipv4.neigh.ens{number}.gc_stale_time": "1" * 200 for number in range(40)}
    with pytest.raises(SpecError) as error:
        user_data("nodes", with_group(sysctls=many))
    (problem,) = error.value.problems
    assert "more than EC2 accepts; of these sysctls take " in problem.problem
    assert problem.fix == "shorten or remove sysctls"
    assert problem.related[0] == ("instanceGroups", 1, "sysctls")
