//go:build tools

// Package tools pins the cluster DNS that pods on rehearsed machines ask.
package tools

import _ "github.com/coredns/coredns"
