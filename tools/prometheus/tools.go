//go:build tools

// Package tools pins the program that checks configurations and rules of Prometheus.
package tools

import _ "github.com/prometheus/prometheus/cmd/promtool"
