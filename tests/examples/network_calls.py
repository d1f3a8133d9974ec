"""The calls of what EC2 has: networks, addresses, disks, templates. See :mod:`tests.examples.aws_calls`."""

from __future__ import annotations

from collections.abc import Mapping

from tests.examples.calls import Calls

_TAGS = "ec2:CreateTags own:{0}; ec2:DeleteTags own:{0}"


NETWORK: Mapping[str, Calls] = {
    "aws:ebs/volume:Volume": Calls(
        "ec2:CreateVolume new:volume",
        "ec2:DescribeVolumes *",
        "ec2:ModifyVolume own:volume; " + _TAGS.format("volume"),
        "ec2:CreateSnapshot own:volume new:snapshot; ec2:DeleteVolume own:volume",
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Calls(
        "ec2:CreateTags adopted:security-group; ec2:RevokeSecurityGroupIngress own:security-group; "
        "ec2:RevokeSecurityGroupEgress own:security-group",
        "ec2:DescribeSecurityGroups *; ec2:DescribeSecurityGroupRules *",
        _TAGS.format("security-group"),
    ),
    "aws:ec2/eip:Eip": Calls(
        "ec2:AllocateAddress new:elastic-ip",
        "ec2:DescribeAddresses *; ec2:DescribeAddressesAttribute *",
        _TAGS.format("elastic-ip"),
        "ec2:ReleaseAddress own:elastic-ip; ec2:DisassociateAddress own:elastic-ip",
    ),
    "aws:ec2/flowLog:FlowLog": Calls(
        "ec2:CreateFlowLogs own:vpc new:vpc-flow-log; iam:PassRole flow-logs-role",
        "ec2:DescribeFlowLogs *",
        "",
        "ec2:DeleteFlowLogs own:vpc-flow-log",
    ),
    "aws:ec2/internetGateway:InternetGateway": Calls(
        "ec2:CreateInternetGateway new:internet-gateway; ec2:AttachInternetGateway own:internet-gateway own:vpc",
        "ec2:DescribeInternetGateways *",
        _TAGS.format("internet-gateway"),
        "ec2:DetachInternetGateway own:internet-gateway own:vpc; ec2:DeleteInternetGateway own:internet-gateway",
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": Calls(
        "ec2:CreateLaunchTemplate new:launch-template",
        "ec2:DescribeLaunchTemplates *; ec2:DescribeLaunchTemplateVersions *; ec2:DescribeInstanceTypes *",
        "ec2:CreateLaunchTemplateVersion own:launch-template; ec2:ModifyLaunchTemplate own:launch-template; "
        + _TAGS.format("launch-template"),
        "ec2:DeleteLaunchTemplate own:launch-template",
    ),
    "aws:ec2/natGateway:NatGateway": Calls(
        "ec2:CreateNatGateway new:natgateway own:subnet own:elastic-ip",
        "ec2:DescribeNatGateways *",
        _TAGS.format("natgateway"),
        "ec2:DeleteNatGateway own:natgateway",
    ),
    "aws:ec2/networkInterface:NetworkInterface": Calls(
        "ec2:CreateNetworkInterface new:network-interface own:subnet own:security-group",
        "ec2:DescribeNetworkInterfaces *",
        "ec2:ModifyNetworkInterfaceAttribute own:network-interface own:security-group; "
        + _TAGS.format("network-interface"),
        "ec2:DetachNetworkInterface own:network-interface; ec2:DeleteNetworkInterface own:network-interface",
    ),
    "aws:ec2/route:Route": Calls(
        "ec2:CreateRoute own:route-table",
        "ec2:DescribeRouteTables *",
        "ec2:ReplaceRoute own:route-table",
        "ec2:DeleteRoute own:route-table",
    ),
    "aws:ec2/routeTable:RouteTable": Calls(
        "ec2:CreateRouteTable new:route-table own:vpc",
        "ec2:DescribeRouteTables *",
        _TAGS.format("route-table"),
        "ec2:DeleteRouteTable own:route-table",
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Calls(
        "ec2:AssociateRouteTable own:route-table own:subnet",
        "ec2:DescribeRouteTables *",
        "ec2:ReplaceRouteTableAssociation own:route-table own:subnet",
        "ec2:DisassociateRouteTable own:route-table own:subnet",
    ),
    "aws:ec2/securityGroup:SecurityGroup": Calls(
        "ec2:CreateSecurityGroup new:security-group own:vpc; ec2:RevokeSecurityGroupEgress own:security-group",
        "ec2:DescribeSecurityGroups *",
        _TAGS.format("security-group"),
        "ec2:DescribeNetworkInterfaces *; ec2:DeleteSecurityGroup own:security-group",
    ),
    "aws:ec2/subnet:Subnet": Calls(
        "ec2:CreateSubnet new:subnet own:vpc; ec2:ModifySubnetAttribute own:subnet",
        "ec2:DescribeSubnets *",
        "ec2:ModifySubnetAttribute own:subnet; " + _TAGS.format("subnet"),
        "ec2:DescribeNetworkInterfaces *; ec2:DeleteSubnet own:subnet",
    ),
    "aws:ec2/vpc:Vpc": Calls(
        "ec2:CreateVpc new:vpc; ec2:ModifyVpcAttribute own:vpc",
        "ec2:DescribeVpcs *; ec2:DescribeVpcAttribute own:vpc; ec2:DescribeNetworkAcls *; ec2:DescribeRouteTables *; "
        "ec2:DescribeSecurityGroups *",
        "ec2:ModifyVpcAttribute own:vpc; " + _TAGS.format("vpc"),
        "ec2:DeleteVpc own:vpc",
    ),
    "aws:ec2/vpcDhcpOptions:VpcDhcpOptions": Calls(
        "ec2:CreateDhcpOptions new:dhcp-options",
        "ec2:DescribeDhcpOptions *",
        _TAGS.format("dhcp-options"),
        "ec2:DeleteDhcpOptions own:dhcp-options",
    ),
    "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation": Calls(
        "ec2:AssociateDhcpOptions own:dhcp-options own:vpc",
        "ec2:DescribeVpcs *",
        "ec2:AssociateDhcpOptions own:dhcp-options own:vpc",
        "ec2:AssociateDhcpOptions own:vpc",
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Calls(
        "ec2:CreateVpcEndpoint new:vpc-endpoint own:vpc own:route-table",
        "ec2:DescribeVpcEndpoints *; ec2:DescribePrefixLists *",
        "ec2:ModifyVpcEndpoint own:vpc-endpoint own:route-table; " + _TAGS.format("vpc-endpoint"),
        "ec2:DeleteVpcEndpoints own:vpc-endpoint",
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": Calls(
        "ec2:AuthorizeSecurityGroupEgress own:security-group new:security-group-rule",
        "ec2:DescribeSecurityGroupRules *",
        "ec2:ModifySecurityGroupRules own:security-group own:security-group-rule; "
        + _TAGS.format("security-group-rule"),
        "ec2:RevokeSecurityGroupEgress own:security-group",
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Calls(
        "ec2:AuthorizeSecurityGroupIngress own:security-group new:security-group-rule",
        "ec2:DescribeSecurityGroupRules *",
        "ec2:ModifySecurityGroupRules own:security-group own:security-group-rule; "
        + _TAGS.format("security-group-rule"),
        "ec2:RevokeSecurityGroupIngress own:security-group",
    ),
}


EXISTING: Mapping[str, Calls] = {
    "aws:ec2/tag:Tag": Calls(
        "ec2:CreateTags existing:subnet",
        "ec2:DescribeTags *",
        "ec2:CreateTags existing:subnet",
        "ec2:DeleteTags existing:subnet",
    ),
}
"""What only an environment in existing subnets has."""
