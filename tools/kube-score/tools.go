//go:build tools

// Package tools pins the linter that rendered Kubernetes objects are put to.
package tools

import _ "github.com/zegl/kube-score/cmd/kube-score"
