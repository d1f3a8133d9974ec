//go:build tools

// Package tools pins the source of figures for `kubectl top` and autoscalers.
package tools

import _ "sigs.k8s.io/metrics-server/cmd/metrics-server"
