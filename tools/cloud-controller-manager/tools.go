//go:build tools

// Package tools pins the AWS cloud controller manager, which tests run as the manifests do.
package tools

import _ "k8s.io/cloud-provider-aws/cmd/aws-cloud-controller-manager"
