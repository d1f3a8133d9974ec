//go:build tools

// Package tools pins node-problem-detector, which tests run as the manifests do.
package tools

import _ "k8s.io/node-problem-detector/cmd/nodeproblemdetector"
