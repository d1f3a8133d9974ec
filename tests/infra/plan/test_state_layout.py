from __future__ import annotations

import pytest

from infra.plan import state_layout
from tests.infra.samples import group_mapping, sample_spec


def test_the_bucket_is_laid_out_as_a_kops_state_store() -> None:
    spec = sample_spec()
    control_plane, nodes, edge = spec.instance_groups
    assert state_layout.config_key(spec) == "test.example.com/config"
    assert state_layout.instance_groups_prefix(spec) == "test.example.com/instancegroup/"
    assert state_layout.instance_group_key(spec, nodes) == "test.example.com/instancegroup/nodes"
    assert state_layout.igconfigs_prefix(spec) == "test.example.com/igconfig/"
    assert state_layout.igconfig_prefix(spec, control_plane) == (
        "test.example.com/igconfig/control-plane/control-plane-a/"
    )
    assert state_layout.igconfig_prefix(spec, nodes) == "test.example.com/igconfig/node/nodes/"
    assert state_layout.igconfig_prefix(spec, edge) == "test.example.com/igconfig/edge/edge/"
    assert state_layout.pki_prefix(spec) == "test.example.com/pki/"
    assert state_layout.manifests_prefix(spec) == "test.example.com/manifests/"
    assert state_layout.backups_prefix(spec) == "test.example.com/backups/"
    assert state_layout.etcd_backup_prefix(spec) == "test.example.com/backups/etcd/"


@pytest.mark.parametrize("name", [{"name": "nodes"}, {"name": "workers", "renamedFrom": "nodes"}])
def test_a_rename_moves_no_object_of_a_group(name: dict[str, str]) -> None:
    control_plane = {"name": "cp", "role": "ControlPlane", "machineType": "m7i.large", "zones": ["eu-central-1a"]}
    spec = sample_spec(instanceGroups=[control_plane, group_mapping(**name)])
    group = spec.instance_groups[1]
    assert state_layout.instance_group_key(spec, group) == "test.example.com/instancegroup/nodes"
    assert state_layout.igconfig_prefix(spec, group) == "test.example.com/igconfig/node/nodes/"
