"""What a rehearsal holds for an environment: found by its own identifier, and made once."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from infra.spec import from_mapping
from rehearsal.environment.holdings import held_by
from rehearsal.moto.holdings import hold_certificate, hold_target_group, hold_zone
from tests.infra.plan.edge.samples import ACM, edge_mapping, edge_spec
from tests.infra.samples import group_mapping, merged, sample_mapping, sample_spec
from tests.infra.workload_samples import IMAGE, environment

ACCOUNT, REGION = "123456789012", "eu-central-1"
TARGET_GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/legacy/0123456789abcdef"


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    with mock_aws():
        yield


def test_a_certificate_is_issued_under_its_arn() -> None:
    for _ in range(2):
        hold_certificate(ACCOUNT, REGION, ACM, ["shop.example.com", "*.apps.example.com"])
    acm = boto3.client("acm", region_name=REGION)
    described = acm.describe_certificate(CertificateArn=ACM)["Certificate"]
    assert (described["DomainName"], described["Status"]) == ("shop.example.com", "ISSUED")
    assert set(described["SubjectAlternativeNames"]) == {"shop.example.com", "*.apps.example.com"}
    assert [each["CertificateArn"] for each in acm.list_certificates()["CertificateSummaryList"]] == [ACM]


def test_a_host_that_comes_later_is_in_the_certificate_then() -> None:
    for hosts in (["shop.example.com"], ["shop.example.com", "portal.example.com"], ["portal.example.com"]):
        hold_certificate(ACCOUNT, REGION, ACM, hosts)
    described = boto3.client("acm", region_name=REGION).describe_certificate(CertificateArn=ACM)["Certificate"]
    assert set(described["SubjectAlternativeNames"]) == {"shop.example.com", "portal.example.com"}


def test_hosts_of_exposed_workloads_are_in_the_certificate() -> None:
    web = {"image": IMAGE, "ports": [{"name": "http", "port": 8080}], "from": ["edge"]}
    spec = environment({"web": {**web, "expose": {"host": "portal.example.com"}}})
    assert [each["hosts"] for each in held_by(spec)["certificates"]] == [["portal.example.com"]]


def test_a_zone_takes_records_under_its_id() -> None:
    for _ in range(2):
        hold_zone(ACCOUNT, "Z0123456789ABCDEFGHIJ", "example.com")
    route53 = boto3.client("route53")
    assert [each["Id"] for each in route53.list_hosted_zones()["HostedZones"]] == ["/hostedzone/Z0123456789ABCDEFGHIJ"]
    record = {"Name": "a.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    route53.change_resource_record_sets(
        HostedZoneId="Z0123456789ABCDEFGHIJ",
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]},
    )
    records = route53.list_resource_record_sets(HostedZoneId="Z0123456789ABCDEFGHIJ")["ResourceRecordSets"]
    assert "a.example.com." in [each["Name"] for each in records]


def test_a_target_group_takes_machines_under_its_arn() -> None:
    for _ in range(2):
        hold_target_group(ACCOUNT, REGION, TARGET_GROUP)
    elb = boto3.client("elbv2", region_name=REGION)
    (described,) = elb.describe_target_groups(TargetGroupArns=[TARGET_GROUP])["TargetGroups"]
    assert (described["TargetGroupName"], described["TargetType"]) == ("legacy", "instance")
    elb.register_targets(TargetGroupArn=TARGET_GROUP, Targets=[{"Id": "i-0123456789abcdef0"}])


def test_what_a_spec_refers_to() -> None:
    dns = {"zone": "example.com", "zoneId": "Z0123456789ABCDEFGHIJ"}
    assert held_by(edge_spec(dns=dns)) == {
        "certificates": [{"arn": ACM, "hosts": ["*.apps.example.com", "admin.example.com", "shop.example.com"]}],
        "zones": [{"id": "Z0123456789ABCDEFGHIJ", "name": "example.com"}],
        "targetGroups": [],
        "networks": [],
        "addresses": [],
    }
    assert held_by(sample_spec()) == {
        "certificates": [], "zones": [], "targetGroups": [], "networks": [], "addresses": [],
    }  # fmt: skip


def test_target_groups_are_held_once_however_many_groups_name_them() -> None:
    control_plane, *_ = sample_mapping()["instanceGroups"]
    named = [group_mapping(name, targetGroups=[TARGET_GROUP]) for name in ("one", "two")]
    assert held_by(sample_spec(accountId=ACCOUNT, instanceGroups=[control_plane, *named]))["targetGroups"] == [
        TARGET_GROUP
    ]


def test_the_zone_of_the_apis_names_is_held_too() -> None:
    zone = "Z0123456789ABCDEFGHIJ"
    api = {"api": {"hostedZone": zone}}
    assert held_by(sample_spec(cluster=api))["zones"] == [{"id": zone, "name": "test.example.com"}]
    dns = {"zone": "example.com", "zoneId": zone}
    environment = merged(edge_mapping(dns=dns), {"cluster": api})
    assert held_by(from_mapping(environment, "test"))["zones"] == [{"id": zone, "name": "example.com"}]
