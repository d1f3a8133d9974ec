//go:build tools

// Package tools pins Cilium: what its image has, but for Envoy.
//
// Not all that Cilium is made of can be had: rehearsal/toolchain/cilium.py names the packages that are replaced, and
// mcsapi/ has what it takes from a module that is in no proxy. `go mod tidy` therefore does not work on this module as it is.
package tools

import (
	_ "github.com/cilium/cilium/cilium-dbg"
	_ "github.com/cilium/cilium/cilium-health/responder"
	_ "github.com/cilium/cilium/daemon"
	_ "github.com/cilium/cilium/operator"
	_ "github.com/cilium/cilium/plugins/cilium-cni"
	_ "github.com/cilium/cilium/tools/mount"
	_ "github.com/cilium/cilium/tools/sysctlfix"
)
