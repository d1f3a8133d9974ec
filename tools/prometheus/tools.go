//go:build tools

// Package tools pins the programs of Prometheus: what checks configurations and rules, and, for rehearsed machines, what
// monitors a cluster. Alertmanager is not among them: its module is without the pages that its program contains.
package tools

import (
	_ "github.com/prometheus/node_exporter"
	_ "github.com/prometheus/prometheus/cmd/prometheus"
	_ "github.com/prometheus/prometheus/cmd/promtool"
)
