//go:build tools

// Package tools pins cert-manager's controllers and an ACME server for tests.
package tools

import (
	_ "github.com/letsencrypt/pebble/v2/cmd/pebble"

	_ "slipway/tools/cert-manager/controller"
)
