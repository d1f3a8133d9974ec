//go:build tools

// Package tools pins the programs beside a CSI driver's controller, and what stands for that driver in tests.
package tools

import (
	_ "github.com/kubernetes-csi/external-attacher/v4/cmd/csi-attacher"
	_ "github.com/kubernetes-csi/external-provisioner/v6/cmd/csi-provisioner"
	_ "github.com/kubernetes-csi/external-resizer/v2/cmd/csi-resizer"

	_ "slipway/tools/csi-sidecars/driver"
)
