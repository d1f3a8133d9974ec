//go:build tools

// Package tools pins the programs of the Amazon VPC CNI's images.
package tools

import (
	_ "github.com/aws/amazon-vpc-cni-k8s/cmd/aws-k8s-agent"
	_ "github.com/aws/amazon-vpc-cni-k8s/cmd/aws-vpc-cni"
	_ "github.com/aws/amazon-vpc-cni-k8s/cmd/aws-vpc-cni-init"
	_ "github.com/aws/amazon-vpc-cni-k8s/cmd/egress-cni-plugin"
	_ "github.com/aws/amazon-vpc-cni-k8s/cmd/grpc-health-probe"
	_ "github.com/aws/amazon-vpc-cni-k8s/cmd/routed-eni-cni-plugin"
	_ "github.com/containernetworking/plugins/plugins/main/loopback"
)
