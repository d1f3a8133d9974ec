//go:build tools

// Package tools pins kube-state-metrics, which tests run as the manifests do.
package tools

import _ "k8s.io/kube-state-metrics/v2"
