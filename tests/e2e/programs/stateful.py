"""Slipway's own program, and beside it a disk, a security rule and a secret that configuration changes."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.program import run

run()
config = pulumi.Config("beside")
aws.ebs.Volume(
    "etcd-a", availability_zone=config.require("etcdZone"), size=20, type="gp3", encrypted=True, tags={"Name": "etcd-a"}
)
bastion = aws.ec2.SecurityGroup("bastion", name="bastion", description="Bastion", tags={"Name": "bastion"})
aws.vpc.SecurityGroupIngressRule(
    "ssh",
    security_group_id=bastion.id,
    ip_protocol="tcp",
    from_port=22,
    to_port=22,
    cidr_ipv4=config.require("sshFrom"),
    description="Administrators",
)
aws.ssm.Parameter(
    "token", name="/e2e/token", type="SecureString", value=pulumi.Output.secret(config.require("plantedSecret"))
)
