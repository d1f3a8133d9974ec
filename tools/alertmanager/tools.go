//go:build tools

// Package tools pins Alertmanager and amtool, which tests run as the manifests do. Its pages are left out: see no_pages.go.txt.
package tools

import (
	_ "github.com/prometheus/alertmanager/cmd/alertmanager"
	_ "github.com/prometheus/alertmanager/cmd/amtool"
)
