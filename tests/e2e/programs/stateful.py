"""Slipway's own program, and beside it what configuration changes: a disk, a rule, a secret, breaches of policy."""

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

if config.get_bool("unruly"):
    # One breach of each rule of policy/rules.py that the resources above do not break.
    aws.ebs.Volume("scratch", availability_zone="eu-central-1a", size=1, opts=pulumi.ResourceOptions(protect=True))
    aws.ec2.LaunchTemplate("lax", name="lax", metadata_options={"http_tokens": "optional"})
    aws.s3.BucketPublicAccessBlock("open", bucket="slipway-e2e-looked-logs", block_public_acls=False)
    aws.s3.BucketLifecycleConfiguration(
        "forgetful",
        bucket="slipway-e2e-looked-logs",
        rules=[{"id": "all", "status": "Enabled", "expiration": {"days": 1}}],
    )
