//go:build tools

// Package tools pins the node termination handler, which tests run as the manifests do.
package tools

import _ "github.com/aws/aws-node-termination-handler/cmd"
