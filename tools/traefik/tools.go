//go:build tools

// Package tools pins the router of the edge.
//
// Not all that Traefik is made of can be had: rehearsal/toolchain/table.py names the packages that are replaced, and ext/
// is what its repository has in a module beside. `go mod tidy` therefore does not work on this module as it is.
package tools

import _ "github.com/traefik/traefik/v3/cmd/traefik"
