//go:build tools

// Package tools pins Pulumi's own plugin for Kubernetes, in the newest version that is published as a Go module.
package tools

import _ "github.com/pulumi/pulumi-kubernetes/provider/v4/cmd/pulumi-resource-kubernetes"
