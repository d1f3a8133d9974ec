// Package ext has the fields that other editions of Traefik add to its configuration: none. It is a module of its own in
// Traefik's repository, and so no part of the module that is served.
package ext

// HTTP adds nothing to the configuration of HTTP.
type HTTP struct{}

// Router adds nothing to that of a router.
type Router struct{}
